import type { ServiceBroker } from "moleculer";
import { observeConfirmation, sagaGauges } from "./order.metrics.ts";

describe("the metrics of orders", () => {
	it("have a value for every kind of wait, whether or not a saga waits", () => {
		const gauges = sagaGauges([
			{ waits_for: "human", count: 3, seconds: 86_400 },
			{ waits_for: "none", count: 1, seconds: 0.5 }
		]);
		const of = (name: string) =>
			Object.fromEntries(
				gauges
					.filter(one => one.name === name)
					.map(({ labels, value }) => [labels.waits_for, value])
			);
		expect(of("shop_sagas")).toEqual({
			none: 1,
			fault: 0,
			outcome: 0,
			customer: 0,
			refund: 0,
			human: 3
		});
		expect(of("shop_saga_oldest_seconds")).toMatchObject({ none: 0.5, fault: 0, human: 86_400 });
	});

	it.each([
		["2026-03-01T10:00:01.250Z", 1.25],
		["2026-03-01T09:59:59.000Z", 0]
	])("observe the time of a confirmation at %s", (updated_at, value) => {
		const broadcastLocal = jest.fn();
		observeConfirmation({ broadcastLocal } as unknown as ServiceBroker, {
			created_at: "2026-03-01T10:00:00.000Z",
			updated_at
		});
		const metric = { name: "shop_order_confirmation_seconds", method: "observe", value };
		expect(broadcastLocal).toHaveBeenCalledWith("metrics.update", metric);
	});
});
