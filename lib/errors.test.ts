import { errorTable, fail, Failure, is, slug, type ErrorCode } from "./errors.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

describe("the table of errors", () => {
	it.each(codes)("gives %s a status that HTTP knows and a title", code => {
		const [status, title] = errorTable[code];
		expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
		expect(status).toBeGreaterThanOrEqual(400);
		expect(status).toBeLessThan(600);
		expect(title).toMatch(/^[A-Z].*[^.]$/);
	});

	it("names each error differently, as a code, in a URL and for people", () => {
		for (const names of [codes.map(slug), codes.map(code => errorTable[code][1])])
			expect(new Set(names).size).toBe(codes.length);
	});
});

describe("fail", () => {
	it("throws what Moleculer carries between nodes", () => {
		const faults = [{ pointer: "/a", code: "type", detail: "must be text" }];
		const caught = (() => {
			try {
				return fail("VALIDATION_FAILED", "Look again", faults);
			} catch (error) {
				return error;
			}
		})();
		expect(caught).toBeInstanceOf(Failure);
		expect(caught).toMatchObject({
			type: "VALIDATION_FAILED",
			code: 422,
			retryable: false,
			data: { detail: "Look again", errors: faults }
		});
	});
});

describe("is", () => {
	it("knows a failure by its type, whatever its class", () => {
		expect(is(new Failure("NOT_FOUND"), "NOT_FOUND")).toBe(true);
		expect(is({ type: "NOT_FOUND" }, "NOT_FOUND")).toBe(true);
		expect(is(new Failure("NOT_FOUND"), "FORBIDDEN")).toBe(false);
		expect(is(null, "NOT_FOUND")).toBe(false);
		expect(is(undefined, "NOT_FOUND")).toBe(false);
	});
});

describe("slug", () => {
	it("makes a code fit for a URL", () => {
		expect(slug("IDEMPOTENCY_KEY_REUSED")).toBe("idempotency-key-reused");
	});
});
