import type { Context, Middleware, ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";
import { until } from "../tests/support/until.ts";
import { DeadlineGuard, Deadlines } from "./deadline.ts";

type Wrap = (
	next: (ctx: Context) => unknown,
	action: { name: string }
) => (ctx: Context) => unknown;
const wrapOf = (middleware: Middleware, broker: object) =>
	(middleware.localAction as unknown as Wrap).bind(broker);

/** A callee whose calls come from a process with another clock; `call` returns what it did. */
function callee(clockAheadMs: number) {
	const warnings: string[] = [];
	const broker = { logger: { warn: (line: string) => warnings.push(line) } };
	const action = { name: "desk.serve" };
	const guarded = wrapOf(DeadlineGuard, broker)(() => "done", action);
	const handle = wrapOf(Deadlines(5000), broker)(guarded, action);
	const call = async (timeLeftMs: number, waitedMs = 0) => {
		const sentAtMs = performance.now() - waitedMs + clockAheadMs;
		const ctx = { headers: { timeLeftMs, sentAtMs }, nodeID: "order-1", locals: {} };
		try {
			return await handle(ctx as unknown as Context);
		} catch (error) {
			return (error as { type: string }).type;
		}
	};
	return { call, warnings };
}

describe.each([0, 7000, 600_000, -7000, -600_000, 1e9])(
	"a call from a process whose clock is %d ms ahead",
	ahead => {
		it("is done while its caller waits, and refused with a line in the log after that", async () => {
			const { call, warnings } = callee(ahead);
			expect([await call(5000), await call(5000, 2000)]).toEqual(["done", "done"]);
			expect([await call(5000, 60_000), await call(500, 2000)]).toEqual(["TIMEOUT", "TIMEOUT"]);
			expect(await call(5000)).toBe("done");
			expect(warnings).toEqual([
				expect.stringMatching(/^desk\.serve: not done, its caller stopped waiting 55\d{3} ms ago$/)
			]);
		});
	}
);

it("a call of a node that sends no times, or other words, has no deadline", async () => {
	const guarded = wrapOf(Deadlines(5000), {})(ctx => ctx.locals, { name: "desk.serve" });
	for (const headers of [undefined, {}, { timeLeftMs: "1", sentAtMs: {} }, { deadline: 1 }])
		expect(guarded({ headers, locals: {} } as unknown as Context)).toEqual({});
});

describe("the deadline of a call", () => {
	let brokers: ServiceBroker[] = [];
	let open: () => void;
	const gate = new Promise<void>(resolve => (open = resolve));
	const ran: string[] = [];
	let refused = 0;

	beforeAll(async () => {
		const desk = {
			name: "desk",
			actions: {
				serve: {
					access: "anyone",
					bulkhead: { enabled: true, concurrency: 1, maxQueueSize: 10 },
					async handler(ctx: Context<{ who: string }>) {
						ran.push(ctx.params.who);
						if (ctx.params.who === "first") await gate;
					}
				},
				times: { access: "anyone", handler: (ctx: Context) => ctx.headers }
			},
			hooks: { error: { serve: countRefusals } }
		};
		function countRefusals(_ctx: unknown, error: { type?: string }): never {
			if (error.type === "TIMEOUT") refused++;
			throw error;
		}
		brokers = await startBus([[], [desk]]);
	});
	afterAll(() => stopBus(brokers));

	it("is sent to the other node as the time that is left", async () => {
		const before = performance.now();
		const times = await brokers[0]!.call<Record<string, number>, object>(
			"desk.times",
			{},
			{ timeout: 700 }
		);
		expect(times.timeLeftMs).toBe(700);
		expect(times.sentAtMs).toBeGreaterThanOrEqual(before);
		expect(times.sentAtMs).toBeLessThanOrEqual(performance.now());
	});

	it("does not begin work whose deadline has passed", async () => {
		const call = (who: string, timeout: number) =>
			brokers[0]!.call("desk.serve", { who }, { timeout });
		const first = call("first", 5000);
		await until(() => ran.includes("first"));
		const patient = call("patient", 5000);
		await expect(call("hasty", 50)).rejects.toMatchObject({ type: "REQUEST_TIMEOUT" });
		open();
		await first;
		await patient;
		await until(() => refused === 1);
		expect(ran).toEqual(["first", "patient"]);
	});
});
