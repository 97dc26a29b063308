import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { startUnaccepting } from "../../support/servers/unaccepting.ts";
import { reader, topicOf } from "../../support/streams/topic-reader.ts";
import { until } from "../../support/until.ts";

/** A broker whose connections are silent and are never reset. */

/** Longer than the limits of an answer and of a group's session, far shorter than the kernel's quarter of an hour. */
const withinMs = 60_000;

describeKafka("a Kafka broker that is silent", () => {
	let kafka: TestKafka;
	let proxy: Proxy;
	let driver: KafkaDriver;
	let topic: string;

	beforeAll(async () => {
		proxy = await Proxy.open("tcp://127.0.0.1:1");
		kafka = await testKafka({
			settings: { "advertised.listeners": `CLIENTS://127.0.0.1:${proxy.port}` }
		});
		proxy.target = new URL(`tcp://${kafka.brokers}`);
		driver = new KafkaDriver({ brokers: [`127.0.0.1:${proxy.port}`] });
		topic = await topicOf(driver);
	}, kafkaWithinMs);

	afterAll(async () => {
		await driver?.close();
		await proxy?.close();
		await kafka?.stop();
	}, 60_000);

	const publish = (value: string) => driver.publish(topic, [{ key: "k", value }]);
	const publishAtLast = (value: string) =>
		until(
			() =>
				publish(value).then(
					() => true,
					() => false
				),
			withinMs
		);

	it("is given up by a producer, a consumer and an administrator", async () => {
		const { texts, stop } = await reader(driver, topic);
		await publish("before");
		await until(() => texts().length === 1, withinMs);
		proxy.silence();
		const extents = until(
			() =>
				driver.extents(topic).then(
					() => true,
					() => false
				),
			withinMs
		);
		await Promise.all([publishAtLast("after"), extents]);
		await until(() => texts().includes("after"), withinMs);
		await stop();
	}, 150_000);

	it("that takes connections and says nothing is given up too", async () => {
		proxy.mode = "stall";
		proxy.cut();
		const startedAt = performance.now();
		await expect(publish("never")).rejects.toThrow();
		expect(performance.now() - startedAt).toBeLessThan(withinMs);
		proxy.silence();
		proxy.mode = "pass";
		await publishAtLast("again");
	}, 150_000);

	it("that takes no connection is given up, and no attempt goes on", async () => {
		const server = await startUnaccepting();
		const sockets: Socket[] = [];
		const watch = (made: unknown) => sockets.push((made as { socket: Socket }).socket);
		subscribe("net.client.socket", watch);
		const other = new KafkaDriver({ brokers: [`127.0.0.1:${server.port}`] });
		try {
			const startedAt = performance.now();
			const sent = other.publish(topic, [{ key: "k", value: "never" }]);
			await expect(sent).rejects.toThrow("Connection timeout");
			const afterMs = performance.now() - startedAt;
			// Six attempts of 3 s and their pauses. kafkajs would end each after 1 s, and the limit of an answer after 5 s.
			expect(afterMs).toBeGreaterThan(17_500);
			expect(afterMs).toBeLessThan(45_000);
			expect(sockets.length).toBeGreaterThan(0);
			expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
		} finally {
			unsubscribe("net.client.socket", watch);
			await other.close();
			await server.stop();
		}
	}, 60_000);
});
