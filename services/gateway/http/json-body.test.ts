import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { is } from "../../../lib/errors.ts";
import { parseJson, readBody } from "./json-body.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");

/** The type of the thrown error. @throws Error when nothing is thrown */
async function refusal(act: () => unknown): Promise<string> {
	try {
		await act();
	} catch (error) {
		return String((error as { type?: unknown }).type);
	}
	throw new Error("nothing was thrown");
}

describe("strict JSON", () => {
	it("reads an object", () => {
		expect(parseJson(bytes('{"a":[1,{"b":"ü : \\" :"}],"c":null}'))).toEqual({
			a: [1, { b: 'ü : " :' }],
			c: null
		});
	});

	it("leaves an array to the schema", () => {
		expect(parseJson(bytes("[{}]"))).toEqual([{}]);
	});

	it.each([
		["no text", ""],
		["half an object", '{"a":'],
		["a byte order mark", "\ufeff{}"],
		["a number", "1"],
		["a string", '"a"'],
		["null", "null"],
		["NaN", '{"a":NaN}'],
		["a trailing comma", '{"a":1,}'],
		["a lone surrogate in a value", '{"a":"\\ud800"}'],
		["a lone surrogate in a name", '{"\\udc00":1}'],
		["__proto__", '{"__proto__":{"admin":true}}'],
		["an escaped __proto__", '{"\\u005f_proto__":{}}'],
		["a nested constructor", '{"a":[{"constructor":{}}]}'],
		["prototype", '{"prototype":1}'],
		["a member twice", '{"a":1,"b":{"c":1},"a":2}'],
		["a nested member twice, once escaped", '{"a":{"b":1,"\\u0062":2}}'],
		["33 levels", "[".repeat(33) + "]".repeat(33)],
		["10,000 levels", "[".repeat(10_000) + "]".repeat(10_000)]
	])("refuses %s", async (_, text) => {
		expect(await refusal(() => parseJson(bytes(text)))).toBe("MALFORMED_JSON");
	});

	it("accepts 32 levels", () => {
		expect(() => parseJson(bytes("[".repeat(32) + "]".repeat(32)))).not.toThrow();
	});

	it("refuses bytes that are not UTF-8", async () => {
		expect(await refusal(() => parseJson(Buffer.from([0x22, 0xff, 0x22])))).toBe("MALFORMED_JSON");
	});
});

describe("the body of a request", () => {
	let server: Server;
	let read: (req: IncomingMessage) => Promise<object>;
	let outcome: Promise<unknown>;

	beforeAll(async () => {
		server = createServer((req, res) => {
			outcome = read(req).then(
				body => body,
				(error: unknown) => error
			);
			void outcome.then(() => res.end());
		});
		await new Promise<void>(resolve => void server.listen(0, "127.0.0.1", resolve));
	});
	afterAll(() => void server.close());

	function send(body: string | Buffer | undefined, headers: object, optional = false) {
		read = req => readBody(req, optional);
		const { port } = server.address() as AddressInfo;
		return new Promise<unknown>((resolve, reject) => {
			const req = request({ port, host: "127.0.0.1", method: "POST", headers: { ...headers } });
			req.on("response", res => void res.resume().on("end", () => resolve(outcome)));
			req.on("error", reject);
			req.end(body);
		});
	}

	it.each(["application/json", "application/json; charset=UTF-8", "application/ld+json"])(
		"is read as %s",
		async type => {
			expect(await send('{"a":1}', { "content-type": type })).toEqual({ a: 1 });
		}
	);

	it.each([
		undefined,
		"text/plain",
		"application/x-www-form-urlencoded",
		"application/json; charset=latin1",
		"application/jsonx"
	])("is refused as %s", async type => {
		const error = await send("{}", type ? { "content-type": type } : {});
		expect(is(error, "UNSUPPORTED_MEDIA_TYPE")).toBe(true);
	});

	it("is refused with a content coding", async () => {
		const error = await send("{}", {
			"content-type": "application/json",
			"content-encoding": "br"
		});
		expect(is(error, "UNSUPPORTED_MEDIA_TYPE")).toBe(true);
	});

	it("is refused beyond 64 KiB, with or without a Content-Length", async () => {
		const headers = { "content-type": "application/json" };
		const large = `"${"a".repeat(65_536)}"`;
		expect(is(await send(large, headers), "PAYLOAD_TOO_LARGE")).toBe(true);
		const chunked = { ...headers, "transfer-encoding": "chunked" };
		expect(is(await send(large, chunked), "PAYLOAD_TOO_LARGE")).toBe(true);
	});

	it("may be absent only if nothing is required", async () => {
		expect(await send(undefined, { "content-length": "0" }, true)).toEqual({});
		const error = await send(undefined, {
			"content-length": "0",
			"content-type": "application/json"
		});
		expect(is(error, "MALFORMED_JSON")).toBe(true);
	});
});
