import { errorTable, fail, Failure, is, slug, type ErrorCode } from "./errors.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

describe("the table of errors", () => {
	it.each(codes)("gives %s a valid HTTP status and a title", code => {
		const [status, title] = errorTable[code];
		expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
		expect(status).toBeGreaterThanOrEqual(400);
		expect(status).toBeLessThan(600);
		expect(title).toMatch(/^[A-Z].*[^.]$/);
	});

	it("gives each error a unique code, URL and title", () => {
		for (const names of [codes.map(slug), codes.map(code => errorTable[code][1])])
			expect(new Set(names).size).toBe(codes.length);
	});
});

describe("fail", () => {
	it("throws errors that Moleculer transfers between nodes", () => {
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
	it("recognises a failure by its type, for any class", () => {
		expect(is(new Failure("NOT_FOUND"), "NOT_FOUND")).toBe(true);
		expect(is({ type: "NOT_FOUND" }, "NOT_FOUND")).toBe(true);
		expect(is(new Failure("NOT_FOUND"), "FORBIDDEN")).toBe(false);
		expect(is(null, "NOT_FOUND")).toBe(false);
		expect(is(undefined, "NOT_FOUND")).toBe(false);
	});
});

describe("slug", () => {
	it("turns a code into a URL slug", () => {
		expect(slug("IDEMPOTENCY_KEY_REUSED")).toBe("idempotency-key-reused");
	});
});
