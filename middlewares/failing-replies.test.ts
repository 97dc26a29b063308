import { ServiceBroker, type ServiceSchema } from "moleculer";
import { arm, disarmAll } from "../lib/failpoint.ts";
import { FailingReplies } from "./failing-replies.ts";

const point = "payment.void.before_reply";

function shop() {
	const counts = { void: 0 };
	const schema: ServiceSchema = {
		name: "payment",
		actions: { void: () => ++counts.void }
	};
	const broker = new ServiceBroker({ logger: false, middlewares: [FailingReplies] });
	broker.createService(schema);
	return { broker, counts };
}

describe("FailingReplies", () => {
	const { broker, counts } = shop();
	beforeAll(() => broker.start());
	afterAll(() => broker.stop());
	afterEach(disarmAll);

	it("sends replies while nothing is armed", async () => {
		await expect(broker.call("payment.void")).resolves.toBe(1);
	});

	it("loses a reply after the action has done its work", async () => {
		arm({ point, mode: "throw" });
		const before = counts.void;
		await expect(broker.call("payment.void")).rejects.toThrow("failpoint payment");
		expect(counts.void).toBe(before + 1);
		await expect(broker.call("payment.void")).resolves.toBe(before + 2);
	});
});
