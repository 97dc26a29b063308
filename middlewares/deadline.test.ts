import type { Context, ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";
import { until } from "../tests/support/until.ts";

describe("DeadlineGuard", () => {
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
				deadline: { access: "anyone", handler: (ctx: Context) => ctx.headers }
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

	it("sends the other node the caller's deadline", async () => {
		const before = Date.now();
		const headers = await brokers[0]!.call<{ deadline: number }, object>(
			"desk.deadline",
			{},
			{ timeout: 700 }
		);
		expect(headers.deadline).toBeGreaterThanOrEqual(before + 700);
		expect(headers.deadline).toBeLessThanOrEqual(Date.now() + 700);
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
