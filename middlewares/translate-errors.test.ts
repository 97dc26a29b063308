import type { ServiceBroker, ServiceSchema } from "moleculer";
import { Failure } from "../lib/errors.ts";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";

const sql = (code: string) =>
	Object.assign(new Error('duplicate key violates "users_email_key"'), {
		code,
		detail: "Key (email)=(alice@shop.test) already exists."
	});
const wrapped = (original: Error) =>
	Object.assign(new Error("from the ORM"), { original, sql: "select secret" });
const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), {
	code: "ECONNREFUSED"
});

const thrown: Record<string, unknown> = {
	failure: new Failure("INSUFFICIENT_STOCK", { detail: "3 left" }),
	unique: sql("23505"),
	full: sql("53100"),
	shutdown: sql("57P01"),
	refused,
	deadlock: sql("40P01"),
	resolver: Object.assign(new Error("getaddrinfo EAI_AGAIN db"), { code: "EAI_AGAIN" }),
	misconfigured: sql("28P01"),
	wrapped: wrapped(refused),
	wrappedUnique: wrapped(sql("23505")),
	bug: new TypeError("undefined is not a function")
};

const failing = {
	name: "failing",
	actions: Object.fromEntries(
		Object.entries(thrown).map(([name, error]) => [
			name,
			{ access: "internal", handler: () => Promise.reject(error) }
		])
	)
} as unknown as ServiceSchema;

describe("TranslateErrors", () => {
	let brokers: ServiceBroker[];
	beforeAll(async () => {
		brokers = await startBus([[failing], []]);
	});
	afterAll(() => stopBus(brokers));

	it("logs a database that cannot serve once and then with a number, and each defect", async () => {
		// It would refuse most of these calls.
		const circuitBreaker = { enabled: false };
		const [broker] = await startBus([[failing]], { broker: { circuitBreaker } });
		const lines: string[] = [];
		const log = (line: unknown) => void lines.push(String(line));
		const spies = (["warn", "error"] as const).map(level =>
			jest.spyOn(broker!.logger, level).mockImplementation(log)
		);
		for (const name of ["refused", "full", "misconfigured", "bug"])
			for (let n = 0; n < 50; n++) await broker!.call(`failing.${name}`).catch(() => undefined);
		const [faults, defects] = [lines.slice(0, 3), lines.slice(3)];
		expect(faults).toEqual([
			"failing.refused: the database cannot serve (unavailable): connect ECONNREFUSED 127.0.0.1:5432",
			expect.stringMatching(/^failing.full: the database cannot serve \(unavailable\)/),
			expect.stringMatching(/^failing.misconfigured: the database cannot serve \(misconfigured\)/)
		]);
		expect(defects).toEqual(Array.from({ length: 50 }, () => "failing.bug failed:"));
		expect(spies[1]).toHaveBeenCalledTimes(51);
		lines.length = 0;
		await stopBus([broker!]);
		expect(lines).toEqual(
			["refused", "full", "misconfigured"].map(name =>
				expect.stringMatching(
					new RegExp(`^failing.${name}: .*\\(49 of this kind since the last line\\)$`)
				)
			)
		);
		for (const spy of spies) spy.mockRestore();
	});

	describe.each([
		["on the same node", 0],
		["from another node", 1]
	])("%s", (_, node) => {
		const error = (name: string) =>
			brokers[node]!.call(`failing.${name}`).then(
				() => Promise.reject(new Error("nothing was thrown")),
				(e: Error & { type?: string; code?: number; data?: object }) => e
			);

		it("passes a failure of the table on with its detail", async () => {
			expect(await error("failure")).toMatchObject({
				type: "INSUFFICIENT_STOCK",
				code: 409,
				data: { detail: "3 left" }
			});
		});

		it.each(["full", "shutdown", "deadlock", "resolver", "misconfigured", "refused", "wrapped"])(
			"maps %s to UNAVAILABLE",
			async name => {
				expect(await error(name)).toMatchObject({ type: "UNAVAILABLE", code: 503 });
			}
		);

		it.each(["unique", "wrappedUnique", "bug"])("hides the message of %s", async name => {
			const found = await error(name);
			expect(found).toMatchObject({ type: "INTERNAL", code: 500 });
			expect(JSON.stringify([found.message, found.data])).not.toMatch(/email|secret|undefined/);
		});
	});
});
