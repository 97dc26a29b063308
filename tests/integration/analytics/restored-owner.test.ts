import { assertNotByFlink } from "../../../cli/restore/window-publisher.ts";
import {
	engineTopic,
	type EngineRecord
} from "../../../services/analytics/ownership/engine-log.ts";
import { NoSuchTopic } from "../../../streams/driver.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";

/** Whether events may be voided after a restore, by who publishes the windows. */
describeKafka("a reconciliation after a restore", () => {
	let kafka: TestKafka;
	let driver: KafkaDriver;
	beforeAll(async () => {
		// A new broker says for a moment that it is loading, which is retried.
		jest.spyOn(console, "error").mockImplementation();
		kafka = await testKafka();
		driver = new KafkaDriver({ brokers: [kafka.brokers] });
	}, kafkaWithinMs);
	afterAll(async () => {
		await driver?.close();
		await kafka?.stop();
	}, 60_000);

	it("goes on where no engine claimed the windows, and makes no topic", async () => {
		await assertNotByFlink(driver);
		await expect(driver.extents(engineTopic.name)).rejects.toThrow(NoSuchTopic);
		await driver.createTopics([engineTopic]);
		await assertNotByFlink(driver);
	}, 30_000);

	const allowed = undefined;
	const refusedTo = (found: string) =>
		`The windows ${found} the Flink job, which counts events that this command voids: cancel it, and run npm run stream -- engine builtin first.`;

	// Each record follows those before it.
	it.each<[string, EngineRecord["engine"], EngineRecord["step"], string | undefined]>([
		["the service has claimed them", "builtin", "claim", allowed],
		[
			"they are being handed over to Flink",
			"flink",
			"release",
			refusedTo("are being handed over to")
		],
		["Flink publishes them", "flink", "take", refusedTo("are published by")],
		["they are being handed back", "builtin", "release", allowed],
		["the service publishes them again", "builtin", "take", allowed]
	])(
		"where %s",
		async (_, engine, step, sentence) => {
			const value = JSON.stringify({ engine, step });
			await driver.publish(engineTopic.name, [{ key: engine, value }]);
			const refusal = await assertNotByFlink(driver).catch(({ message }: Error) => message);
			expect(refusal).toBe(sentence);
		},
		30_000
	);
});
