import { logFields } from "./fields.ts";
import { LogContext } from "./line-context.ts";
import { isJsonLine, jsonLines } from "./json-lines.ts";

const line = jsonLines({
	service: "order",
	version: "1.2.3",
	environment: "test",
	pid: 7,
	node: "order.host-7-abc"
});

const entry = (...args: unknown[]) =>
	JSON.parse(line("warn", args, "order")) as Record<string, unknown>;

const circular: Record<string, unknown> = { name: "a" };
circular.self = circular;

const throwing = {
	get value(): never {
		throw new Error("from a getter");
	}
};

const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** Put together, so that scanners for secrets find no key here. */
const dashes = "-".repeat(5);
const pemLine = (end: "BEGIN" | "END") => `${dashes}${end} PRIVATE KEY${dashes}`;

describe("a line of the log as JSON", () => {
	it("says when, how severe, what, and of which process", () => {
		const { "@timestamp": time, ...rest } = entry("event log unavailable");
		expect(new Date(time as string).toISOString()).toBe(time);
		expect(rest).toEqual({
			"log.level": "warn",
			message: "event log unavailable",
			"ecs.version": "8.17.0",
			"service.name": "order",
			"service.version": "1.2.3",
			"service.environment": "test",
			"service.node.name": "order.host-7-abc",
			"process.pid": 7,
			"log.logger": "order"
		});
	});

	it("has members for an error, with the stacks of its causes and nothing of a driver", () => {
		const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
		const error = Object.assign(new TypeError("no database", { cause }), {
			code: "08006",
			sql: "select secret",
			detail: "Key (email)=(alice@shop.example) already exists."
		});
		const found = entry("order.create failed:", error);
		expect(found).toMatchObject({
			message: "order.create failed: no database",
			"error.type": "TypeError",
			"error.message": "no database",
			"error.code": "08006",
			"error.stack_trace": expect.stringMatching(
				/^TypeError: no database\n +at [^]*\nCaused by: Error: connect ECONNREFUSED\n +at /
			)
		});
		expect(JSON.stringify(found)).not.toMatch(/secret|alice/);
	});

	it("takes the code of an error by its name, where it has one", () => {
		expect(
			entry(Object.assign(new Error("x"), { type: "STALE_VERSION", code: 412 }))
		).toMatchObject({
			"error.code": "STALE_VERSION"
		});
	});

	it("has members for what it is about", () => {
		const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
		const found = entry("x", new LogContext({ orderId: "o1", requestId: "r1", traceparent }));
		expect(found).toMatchObject({
			message: "x",
			"labels.order_id": "o1",
			"http.request.id": "r1",
			"trace.id": "ab".repeat(16)
		});
	});

	it("has members of the schema only", () => {
		const context = new LogContext({ orderId: "o", requestId: "r", traceparent: "00-a-b-00" });
		const all = Object.keys(entry("x", Object.assign(new Error("y"), { code: "Z" }), context));
		expect(all.toSorted()).toEqual(Object.keys(logFields).toSorted());
	});

	const ownCause = new Error("a");
	ownCause.cause = ownCause;
	const withoutStack = Object.assign(new Error("a"), { stack: undefined });

	it.each<[string, unknown[], string | RegExp]>([
		["several lines", ["a\nb\r\n\u2028c"], "a\nb\r\n\u2028c"],
		["a format", ["%s of %d", "one", 2], "one of 2"],
		["a per cent sign", ["50 % off"], "50 % off"],
		["undefined and null", ["a", undefined, null], "a undefined null"],
		["a number and a BigInt", [1, 2n], "1 2n"],
		["a symbol and a function", [Symbol("s"), function f() {}], "Symbol(s) [Function: f]"],
		["a circular object", [circular], "{ name: 'a', self: '[Circular]' }"],
		["an object of BigInts", [{ a: 1n }], "{ a: 1n }"],
		["a getter that throws", [throwing], /value: \[Getter\]|cannot be shown/],
		["a proxy that is revoked", [revoked.proxy], /Revoked|cannot be shown/],
		["a buffer", [Buffer.alloc(1_000_000)], /^<Buffer 00 00/],
		["a map", [new Map([["a", 1]])], "Map(1) { 'a' => 1 }"],
		["no arguments", [], ""],
		["half a character", ["\ud83d"], "\ud83d"],
		["an error that is its own cause", [ownCause], "a"],
		["an error without a stack", [withoutStack], "a"]
	])("is one line with %s", (_, args, message) => {
		const text = line("info", args);
		expect(text).not.toMatch(/[\n\r]/);
		const found = JSON.parse(text) as { message: string };
		if (typeof message === "string") expect(found.message).toBe(message);
		else expect(found.message).toMatch(message);
	});

	const tangled: object[] = Array.from({ length: 500 }, () => ({}));
	for (const one of tangled) Object.assign(one, { ...tangled });

	it.each<[string, unknown]>([
		["objects that all lead to each other", tangled],
		["a long text", "x".repeat(10_000_000)],
		["a long list", Array.from({ length: 100_000 }, () => "x".repeat(1000))],
		["a wide object", Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, "x"]))],
		["a long error", new Error("x".repeat(1_000_000))]
	])("is bounded with %s", (_, value) => {
		expect(line("info", [value]).length).toBeLessThan(40_000);
	});

	it.each<[string, object, number]>([
		["a list", Array.from({ length: 100 }, () => 1), 50],
		["an object", Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n])), 4000]
	])("does not read what it does not show of %s", (_, value, at) => {
		const read = jest.fn();
		const name = Array.isArray(value) ? at : `k${at}`;
		Object.defineProperty(value, name, { enumerable: true, get: read });
		line("info", [value]);
		expect(read).not.toHaveBeenCalled();
	});

	it("does not read what it does not show of a set", () => {
		let read = 0;
		const set = new Set(Array.from({ length: 1000 }, (_, n) => n));
		const counted = function* () {
			for (const one of set.values()) {
				read += 1;
				yield one;
			}
		};
		line("info", [Object.defineProperty(set, Symbol.iterator, { value: counted })]);
		expect(read).toBeLessThan(50);
	});

	it.each<[string, unknown[]]>([
		["a URL of a database", ["cannot reach postgres://shop:hunter2@db:5432/shop"]],
		["a URL of the bus with a strange password", [new Error("nats://order:hunter2,%20@nats:4222")]],
		["a private key", [`${pemLine("BEGIN")}\nhunter2\n${pemLine("END")}`]],
		["a private key without an end", [`${pemLine("BEGIN")}\nhunter2`]],
		["a key of Stripe", ["No such key: sk_live_hunter2"]],
		["a secret of webhooks", ["whsec_hunter2"]],
		["a header", ["authorization: Bearer hunter2hunter2"]],
		["an access token", ["eyJhbGciOiJFZERTQSJ9.hunter2.hunter2"]],
		["members of an object", [{ password: "hunter2", a: { apiKey: "hunter2", b: ["x"] } }]],
		["a map", [new Map([["password", "hunter2"]])]],
		["an error in an object", [{ error: Object.assign(new Error("***"), { sql: "hunter2" }) }]],
		[
			"an object of a class",
			[
				new (class Login {
					password = "hunter2";
				})()
			]
		],
		["a URL", [new URL("redis://shop:hunter2@cache")]],
		["headers of an object", [{ headers: { Cookie: "hunter2", authorization: "hunter2" } }]],
		["a cause", [new Error("a", { cause: new Error("smtps://x:hunter2@mail.example") })]],
		["a long text in an object", [{ text: `${"x".repeat(985)} Bearer hunter2hunter2` }]],
		["an e-mail address", ["550 no such user <hunter2@mail.example>"]]
	])("has no secret of %s", (_, args) => {
		const text = line("error", args);
		expect(text).not.toContain("hunter2");
		expect(text).toContain("***");
	});

	it("never throws", () => {
		const hostile = new Error("a");
		Object.defineProperty(hostile, "message", {
			get: () => {
				throw new Error("b");
			}
		});
		expect(JSON.parse(line("info", [hostile], "order"))).toMatchObject({
			message: "a line that cannot be shown",
			"log.logger": "order"
		});
	});

	const written = line("info", ["a"]);

	it.each<[string, string, boolean]>([
		["as it is", written, true],
		["of another object", '{"a":1}', false],
		["of text", "{ a: 1 }", false],
		["that only begins so", `${written.slice(0, 40)} and text`, false],
		["with text behind it", `${written} and text`, false],
		["with a second line", `${written}\nand text`, false],
		["with the end of a line", `${written}\n`, false],
		["that is cut off", written.slice(0, -1), false],
		["without a message", `${written.slice(0, 40)},"log.level":"info"}`, false],
		["with a message of another type", written.replace('"message":"a"', '"message":1'), false]
	])("is known to a launcher %s", (_, text, isLine) => {
		expect(isJsonLine(text)).toBe(isLine);
	});

	it.each([
		["orderId", "labels.order_id"],
		["requestId", "http.request.id"]
	])("has no secret in the id %s, and a part of one that is too long", (name, member) => {
		const of = (id: string) => entry("x", new LogContext({ [name]: id }))[member];
		const uuid = "0193a1c2-7b1e-7f00-8000-000000000001";
		expect(of(uuid)).toBe(uuid);
		expect(of("alice@mail.example")).toBe("***@mail.example");
		expect(of("4111 1111 1111 1111")).toBe("*** card ***");
		expect(of("x".repeat(10_000_000))).toBe("x".repeat(200));
	});

	it("has no secret in the id of a trace, and a part of one that is too long", () => {
		const of = (id: string) =>
			entry("x", new LogContext({ traceparent: `00-${id}-cd-01` }))["trace.id"];
		expect(of("x".repeat(10_000))).toBe("x".repeat(200));
		expect(of("sk_live_hunter2")).toBe("*** key ***");
	});
});
