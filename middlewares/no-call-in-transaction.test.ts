import type { Context, ServiceBroker } from "moleculer";
import { insideTransaction } from "../lib/transaction-scope.ts";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";

const echo = {
	name: "echo",
	actions: {
		say: { access: "anyone", handler: () => "hello" },
		relay: {
			access: "anyone",
			handler: (ctx: Context) => insideTransaction(async () => ctx.call("echo.say"))
		}
	}
};

describe("NoCallInTransaction", () => {
	let brokers: ServiceBroker[] = [];
	beforeAll(async () => {
		brokers = await startBus([[echo]]);
	});
	afterAll(() => stopBus(brokers));

	it("throws on a call from inside a transaction, by the broker or by a context", async () => {
		const sentence = "call of echo.say inside a database transaction";
		await expect(insideTransaction(async () => brokers[0]!.call("echo.say"))).rejects.toThrow(
			sentence
		);
		await expect(brokers[0]!.call("echo.relay")).rejects.toMatchObject({ type: "INTERNAL" });
	});

	it("allows a call beside one", async () => {
		const beside = insideTransaction(() => new Promise(resolve => setImmediate(resolve)));
		await expect(brokers[0]!.call("echo.say")).resolves.toBe("hello");
		await beside;
	});
});
