import { type Admin, Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import type { Message, Outgoing } from "../../../streams/driver.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { reader } from "../streams/topic-reader.ts";
import { until } from "../until.ts";
import { bytesOf, type Recorded } from "./recorded-orders.ts";

export const partitions = 3;

/** The topics of the job on a broker, fed with a recording whose messages keep the times at which the log took them. */
export class OrdersTopic {
	readonly #kafka: Kafka;
	#producer: Producer | undefined;
	readonly #driver: KafkaDriver;

	constructor(brokers: string) {
		this.#kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
		this.#driver = new KafkaDriver({ brokers: [brokers] });
	}

	async create(count = partitions): Promise<void> {
		for (const name of [topics.orders, topics.windows, topics.late]) await this.make(name, count);
		await this.#connect();
	}

	async #connect(): Promise<void> {
		await this.#producer?.disconnect();
		this.#producer = this.#kafka.producer({
			createPartitioner: Partitioners.DefaultPartitioner,
			allowAutoTopicCreation: false
		});
		await this.#producer.connect();
	}

	async make(topic: string, numPartitions: number): Promise<void> {
		const entries = { "retention.ms": "-1", "message.timestamp.type": "CreateTime" };
		const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
		const made = [{ topic, numPartitions, configEntries }];
		await this.#administer(admin => admin.createTopics({ waitForLeaders: true, topics: made }));
	}

	/** Resolves when it is gone. */
	async remove(topic: string): Promise<void> {
		await this.#administer(async admin => {
			await admin.deleteTopics({ topics: [topic] });
			await until(async () => !(await admin.listTopics()).includes(topic), 10_000);
		});
	}

	async addPartitions(topic: string, count: number): Promise<void> {
		const topicPartitions = [{ topic, count }];
		await this.#administer(admin => admin.createPartitions({ topicPartitions }));
		// One that was connected before drops messages to a partition that it does not know.
		await this.#connect();
	}

	async #administer(work: (admin: Admin) => Promise<unknown>): Promise<void> {
		const admin = this.#kafka.admin();
		await admin.connect();
		await work(admin);
		await admin.disconnect();
	}

	/** Of the first partition, as Kafka does with what has expired. */
	async deleteBefore(offset: number): Promise<void> {
		const partitions = [{ partition: 0, offset: String(offset) }];
		await this.#administer(async admin => {
			// kafkajs has to know the topic before it deletes records of it.
			await admin.fetchTopicOffsets(topics.orders);
			await admin.deleteTopicRecords({ topic: topics.orders, partitions });
		});
	}

	/** The next offset of the first partition. */
	async end(): Promise<number> {
		const [first] = await this.#driver.extents(topics.orders);
		return Number(first!.next);
	}

	publish(topic: string, messages: readonly Outgoing[]): Promise<void> {
		return this.#driver.publish(topic, messages);
	}

	async feed(
		recording: readonly Pick<Recorded, "at" | "key" | "value" | "binary">[],
		partition?: number
	): Promise<void> {
		const messages = recording.map(recorded => ({
			key: recorded.key,
			value: bytesOf(recorded),
			timestamp: String(recorded.at),
			headers: { ce_type: "recorded" },
			...(partition !== undefined && { partition })
		}));
		await this.#producer!.send({ topic: topics.orders, messages, acks: -1 });
	}

	/** Everything that is published on a topic from its start on, as it arrives. */
	async collect(topic: string): Promise<readonly Message[]> {
		const { got } = await reader(this.#driver, topic);
		return got;
	}

	async close(): Promise<void> {
		await this.#producer?.disconnect();
		await this.#driver.close();
	}
}
