import { Kafka, logLevel, Partitioners, type KafkaMessage, type Producer } from "kafkajs";
import { newId } from "../../../lib/id.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { until } from "../until.ts";
import { bytesOf, type Recorded } from "./recorded-orders.ts";

/** A message as Kafka has it, with its partition. */
export type Received = KafkaMessage & { partition: number };

export const partitions = 3;

/** The topics of the job on a broker, fed with a recording whose messages keep the times at which the log took them. */
export class OrdersTopic {
	readonly #kafka: Kafka;
	#producer: Producer | undefined;
	#closing: (() => Promise<void>)[] = [];

	constructor(brokers: string) {
		this.#kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
	}

	async create(): Promise<void> {
		const admin = this.#kafka.admin();
		await admin.connect();
		const entries = { "retention.ms": "-1", "message.timestamp.type": "CreateTime" };
		const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
		const names = [topics.orders, topics.windows, topics.late];
		await admin.createTopics({
			waitForLeaders: true,
			topics: names.map(topic => ({ topic, numPartitions: partitions, configEntries }))
		});
		await admin.disconnect();
		this.#producer = this.#kafka.producer({
			createPartitioner: Partitioners.DefaultPartitioner,
			allowAutoTopicCreation: false
		});
		await this.#producer.connect();
		this.#closing.push(() => this.#producer!.disconnect());
	}

	async feed(recording: readonly Recorded[]): Promise<void> {
		const messages = recording.map(recorded => ({
			key: recorded.key,
			value: bytesOf(recorded),
			timestamp: String(recorded.at),
			headers: { ce_type: "recorded" }
		}));
		await this.#producer!.send({ topic: topics.orders, messages, acks: -1 });
	}

	/** Everything that is published on a topic from its start on, as it arrives. */
	async collect(topic: string): Promise<Received[]> {
		const received: Received[] = [];
		const consumer = this.#kafka.consumer({ groupId: newId() });
		await consumer.connect();
		this.#closing.push(() => consumer.disconnect());
		let hasJoined = false;
		consumer.on(consumer.events.GROUP_JOIN, () => (hasJoined = true));
		await consumer.subscribe({ topic, fromBeginning: true });
		await consumer.run({
			eachMessage: async ({ message, partition }) => void received.push({ ...message, partition })
		});
		await until(() => hasJoined);
		return received;
	}

	async close(): Promise<void> {
		await Promise.all(this.#closing.map(close => close()));
	}
}
