import type { ServiceBroker } from "moleculer";
import { outboxGauges, publishGauges, withdrawGauges } from "../../lib/gauges.ts";
import { startBus, stopBus } from "../../tests/support/servers/start-bus.ts";
import metricsService from "./metrics.service.ts";

let brokers: ServiceBroker[] = [];
afterEach(() => stopBus(brokers.splice(0)));

it("exposes a gauge until it is withdrawn, and again when it is published", async () => {
	brokers = await startBus([[metricsService]]);
	const [broker] = brokers as [ServiceBroker];
	const { register } = broker.getLocalService("metrics") as unknown as {
		register: { metrics(): string };
	};
	const gauges = (service: string) => outboxGauges(service, { rows: 3, seconds: 1.5 });
	const samples = () =>
		[...register.metrics().matchAll(/^shop_outbox_\w+\{.*/gm)].map(String).sort();
	const ofOrder = [
		'shop_outbox_rows{service="order"} 3',
		'shop_outbox_seconds{service="order"} 1.5'
	];

	publishGauges(broker, [...gauges("order"), ...gauges("user")]);
	expect(samples()).toHaveLength(4);
	withdrawGauges(broker, gauges("user"));
	expect(samples()).toEqual(ofOrder);
	withdrawGauges(broker, gauges("order"));
	// A service that was never measured is withdrawn when its first measurement fails.
	withdrawGauges(broker, gauges("product"));
	expect(samples()).toEqual([]);
	publishGauges(broker, gauges("order"));
	expect(samples()).toEqual(ofOrder);
});
