import type { OrderStreamEvent } from "../../contracts/events.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../support/servers/kafka.ts";
import { run, startShop, type Running } from "../support/servers/processes.ts";

/** The default shop with a real Kafka broker: `KAFKA_BROKERS=… npm start`. */
describeKafka("a shop whose events travel over Kafka", () => {
	let kafka: TestKafka;
	let shop: Running;

	beforeAll(async () => {
		kafka = await testKafka();
		shop = await startShop({ KAFKA_BROKERS: kafka.brokers });
	}, kafkaWithinMs);

	afterAll(async () => {
		await shop?.remove();
		await kafka?.stop();
	}, 60_000);

	/** What Kafka's own console consumer shows of a topic: partition, offset, headers, key and value of each. */
	async function consumed(topic: string, most: number) {
		const { code, output } = await run("kafka.ts", ["consume", topic, "--max", String(most)], {
			KAFKA_BROKERS: kafka.brokers
		});
		expect({ code, output }).toMatchObject({ code: 0 });
		const lines = output.split("\n").filter(line => line.startsWith("Partition:"));
		return lines.map(line => line.split("\t"));
	}

	it("sends messages and emits windows, and they are consistent", async () => {
		const { code, output } = await run("demo.ts", ["--url", shop.url, "--orders", "40"], {});
		expect(output).toMatch(/^messages {2}\d+: order confirmation \d+/m);
		expect(output).toMatch(/emitted [\d.]+ s after its end/);
		expect({ code, output }).toMatchObject({ code: 0 });
	}, 240_000);

	it("has its events in topics that Kafka's console consumer reads", async () => {
		const [line] = await consumed("orders", 1);
		const event = JSON.parse(line!.at(-1)!) as OrderStreamEvent;
		expect(event).toMatchObject({ specversion: "1.0", source: "/orders", sequence: "1" });
		expect(line).toContain(event.data.user_id);
		expect(line!.join()).toContain(`ce_id:${event.id}`);
		const [window] = await consumed("analytics-results", 1);
		expect(JSON.parse(window!.at(-1)!)).toMatchObject({ type: "analytics.window" });
		expect(window!.join()).toContain("ce_type:analytics.window");
	}, 180_000);
});
