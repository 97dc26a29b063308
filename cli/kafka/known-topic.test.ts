import { assertKnownTopic } from "./known-topic.ts";

const of = (topic: string, all: string[]) => () => assertKnownTopic(topic, all, "127.0.0.1:9");

it("is any of the broker's, Kafka's own too", () => {
	expect(of("orders", ["notifications", "orders"])).not.toThrow();
	expect(of("__consumer_offsets", ["__consumer_offsets"])).not.toThrow();
});

it.each([
	[["orders", "__consumer_offsets", "notifications"], "it has notifications, orders."],
	[["__consumer_offsets"], "it has none yet: a shop with its KAFKA_BROKERS creates them."],
	[[], "it has none yet"]
])("says which ones there are when it is none of %j", (all, others) => {
	expect(of("order", all)).toThrow(`There is no topic order at 127.0.0.1:9: ${others}`);
});
