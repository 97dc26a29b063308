import { newId } from "../../../lib/id.ts";
import {
	Consumer,
	type ConsumerOptions,
	type StreamEvent
} from "../../../streams/consumer/consumer.ts";
import type { DeadLetter } from "../../../streams/consumer/dead-letter.ts";
import { consumerTables } from "./consumer-fixtures.ts";
import { useEventLog, type EventLog } from "./stream-driver.ts";

interface ReadableEvent extends StreamEvent {
	text?: string;
}

/** A topic with its dead-letter topic, and the tables of a service that consumes it. */
export class TestStream<E extends ReadableEvent> {
	topic = "";
	schema = "";
	readonly errors: Error[] = [];
	readonly deadLettered: DeadLetter[] = [];
	readonly stalled: string[] = [];
	readonly #log: EventLog;
	readonly #read: ConsumerOptions<E>["read"];
	readonly #consumers: Consumer<E>[] = [];

	constructor(log: EventLog, read: ConsumerOptions<E>["read"]) {
		this.#log = log;
		this.#read = read;
	}

	get driver() {
		return this.#log.driver;
	}

	get database() {
		return this.#log.database;
	}

	/** Creates a new topic and new tables. */
	async create(partitions: number): Promise<void> {
		this.topic = `t-${newId()}`;
		this.schema = `s_${newId().replaceAll("-", "")}`;
		for (const list of [this.errors, this.deadLettered, this.stalled]) list.length = 0;
		const spec = { cleanup: "delete", retentionMs: 3_600_000 } as const;
		await this.driver.createTopics([
			{ name: this.topic, partitions, ...spec },
			{ name: `${this.topic}.dlq`, partitions: 1, ...spec }
		]);
		await this.database.rows(consumerTables(this.schema));
	}

	/** Adds a row to the table `effect` for each event. */
	readonly recordEffects: ConsumerOptions<E>["handle"] = async ({ events }, tx) => {
		const text = `insert into ${this.schema}.effect (event_id, text)
			select * from unnest($1::uuid[], $2::text[])`;
		const values = [events.map(({ id }) => id), events.map(event => event.text ?? "")];
		await tx.query({ name: `effect ${this.schema}`, text }, values);
	};

	/** The texts of the handled events. */
	async effects(): Promise<string[]> {
		const sql = `select text from ${this.schema}.effect order by n`;
		return (await this.database.rows<{ text: string }>(sql)).map(({ text }) => text);
	}

	/** What a consumer of this stream needs; it records what it reports. */
	options(over: Partial<ConsumerOptions<E>> = {}): ConsumerOptions<E> {
		return {
			driver: this.driver,
			db: this.database.db,
			schema: this.schema,
			group: this.schema,
			topics: [this.topic],
			read: this.#read,
			handle: this.recordEffects,
			onError: error => this.errors.push(error),
			onDeadLettered: deadLetter => this.deadLettered.push(deadLetter),
			onStalled: reason => this.stalled.push(reason),
			...over
		};
	}

	/** Starts a consumer. */
	async consume(over?: Partial<ConsumerOptions<E>>): Promise<Consumer<E>> {
		const consumer = new Consumer<E>(this.options(over));
		this.#consumers.push(consumer);
		await consumer.start();
		return consumer;
	}

	/** Stops all consumers. */
	async stop(): Promise<void> {
		await Promise.all(this.#consumers.splice(0).map(consumer => consumer.stop()));
	}
}

interface StreamOptions {
	log?: EventLog;
	partitions?: number;
	/** How long a topic and its tables are used. */
	per?: "test" | "file";
}

/** A stream for each test, or for all tests of a file or a `describe`: registers the hooks. */
export function useStream<E extends ReadableEvent>(
	read: ConsumerOptions<E>["read"],
	{ log = useEventLog(), partitions = 1, per = "test" }: StreamOptions = {}
): TestStream<E> {
	const stream = new TestStream<E>(log, read);
	if (per === "test") {
		beforeEach(() => stream.create(partitions));
		afterEach(() => stream.stop());
	} else {
		beforeAll(async () => {
			log.database.defer(() => stream.stop());
			await stream.create(partitions);
		}, 60_000);
	}
	return stream;
}
