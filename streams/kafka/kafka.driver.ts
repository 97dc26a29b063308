import {
	type Admin,
	Kafka,
	logLevel,
	Partitioners,
	type Producer,
	type SASLOptions
} from "kafkajs";
import {
	type Driver,
	type Extent,
	NoSuchTopic,
	type Outgoing,
	type SubscribeOptions,
	type Subscription,
	type TopicSpec
} from "../driver.ts";
import { retry, within } from "../../lib/retry.ts";
import { recordBatches } from "../record-batches.ts";
import { patchKafkajs } from "./kafkajs-patches.ts";
import { KafkaMember } from "./member.ts";
import { KafkaSubscription } from "./kafka.subscription.ts";

export interface KafkaOptions {
	readonly brokers: readonly string[];
	/** TLS with this certificate authority (PEM), or with those that Node trusts. */
	readonly ssl?: boolean | { readonly ca: string };
	readonly sasl?: SASLOptions | undefined;
	/** Replicas of new topics; by default three, or the number of brokers if there are fewer. */
	readonly replication?: number | undefined;
	/** Receives kafkajs' log, including failures that it retries. */
	debug?(text: string): void;
}

const maxValueBytes = 2 * 1024 * 1024;
const closeTimeoutMs = 5000;
const topicTimeoutMs = 15_000;

patchKafkajs();

/** All defaults, because kafkajs has different ones if NODE_ENV is test. */
const retrySettings = (retries: number) => ({
	initialRetryTime: 100,
	factor: 0.2,
	multiplier: 2,
	maxRetryTime: 1000,
	retries
});

function client({ brokers, ssl, sasl, debug }: KafkaOptions): Kafka {
	return new Kafka({
		clientId: "shop",
		brokers: [...brokers],
		ssl: typeof ssl === "object" ? { ca: [ssl.ca] } : Boolean(ssl),
		...(sasl ? { sasl } : {}),
		connectionTimeout: 3000,
		requestTimeout: 5000,
		retry: retrySettings(5),
		logLevel: debug ? logLevel.INFO : logLevel.NOTHING,
		logCreator:
			() =>
			({ namespace, log: { message, timestamp: _, logger: __, ...rest } }) =>
				debug?.(`${namespace}: ${message} ${JSON.stringify(rest)}`)
	});
}

/** For what the log does not do, such as rights. @throws Error while no broker answers, or it refuses the user */
export async function connectAdmin(options: KafkaOptions): Promise<Admin> {
	const admin = client(options).admin({ retry: retrySettings(3) });
	await admin.connect();
	return admin;
}

/** Number of topics among the kinds of resources of Kafka: Node does not find the name of kafkajs. */
const topicResource = 2;

/** The topic's own settings, by Kafka's names. @throws Error where no broker answers, or the user may not see them */
export async function topicSettings(
	options: KafkaOptions,
	topic: string
): Promise<ReadonlyMap<string, string>> {
	const admin = await connectAdmin(options);
	try {
		const { resources } = await admin.describeConfigs({
			includeSynonyms: false,
			resources: [{ type: topicResource, name: topic }]
		});
		const entries = resources[0]!.configEntries;
		return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
	} finally {
		await admin.disconnect();
	}
}

/** By name: Node does not find the names of kafkajs' error classes as exports. */
const isNoTopic = ({ type, cause }: { type?: string; cause?: object }): boolean =>
	type === "UNKNOWN_TOPIC_OR_PARTITION" || (cause !== undefined && isNoTopic(cause));

interface Connection {
	connect(): Promise<void>;
	disconnect(): Promise<void>;
}

/** Connects on first use, and again on the next use after a failure. */
function lazyConnection<C extends Connection>(make: () => C) {
	let made: Promise<C> | undefined;
	const connect = async () => {
		const connection = make();
		await connection.connect();
		return connection;
	};
	const get = (): Promise<C> =>
		(made ??= connect().catch(error => {
			made = undefined;
			throw error;
		}));
	return {
		get,
		/** For idempotent requests: kafkajs' admin never reconnects to a broker that it has lost. */
		async use<R>(ask: (connection: C) => Promise<R>, mayRepeat = true): Promise<R> {
			const used = get();
			const connection = await used;
			try {
				return await ask(connection);
			} catch (error) {
				if (made === used) made = undefined;
				void connection.disconnect().catch(() => undefined);
				if (mayRepeat) return this.use(ask, false);
				throw error;
			}
		},
		close: async () => made?.then(connection => connection.disconnect()).catch(() => undefined)
	};
}

/** The log in Kafka. */
export class KafkaDriver implements Driver {
	readonly kind = "kafka";
	readonly #kafka: Kafka;
	readonly #replication: number | undefined;
	readonly #producer: ReturnType<typeof lazyConnection<Producer>>;
	readonly #admin: ReturnType<typeof lazyConnection<Admin>>;
	readonly #open = new Set<KafkaMember>();

	constructor(options: KafkaOptions) {
		this.#kafka = client(options);
		this.#replication = options.replication;
		this.#admin = lazyConnection(() => this.#kafka.admin({ retry: retrySettings(3) }));
		this.#producer = lazyConnection(() =>
			this.#kafka.producer({
				createPartitioner: Partitioners.DefaultPartitioner,
				allowAutoTopicCreation: false,
				retry: retrySettings(3)
			})
		);
	}

	createTopics(topics: readonly TopicSpec[]): Promise<void> {
		return this.#admin.use(admin => this.#createMissing(admin, topics));
	}

	/** The names of all, those of others too. */
	listTopics(): Promise<string[]> {
		return this.#admin.use(admin => admin.listTopics());
	}

	async #createMissing(admin: Admin, topics: readonly TopicSpec[]): Promise<void> {
		const there = new Set(await admin.listTopics());
		const missing = topics.filter(({ name }) => !there.has(name));
		if (missing.length === 0) return;
		const { brokers } = await admin.describeCluster();
		const copies = this.#replication ?? Math.min(3, brokers.length);
		for (const { name, partitions, cleanup, retentionMs } of missing)
			await admin.createTopics({
				waitForLeaders: false,
				topics: [
					{
						topic: name,
						numPartitions: partitions,
						replicationFactor: copies,
						configEntries: Object.entries({
							"cleanup.policy": cleanup,
							"retention.ms": String(retentionMs),
							"max.message.bytes": String(maxValueBytes + 64 * 1024),
							"message.timestamp.type": "LogAppendTime",
							"min.insync.replicas": String(Math.min(2, copies))
						}).map(([name, value]) => ({ name, value }))
					}
				]
			});
		await Promise.all(missing.map(({ name }) => this.#waitUntilKnown(name)));
	}

	/**
	 * A broker knows a topic a moment after the controller created it. kafkajs waits for its leaders, but
	 * fails if the topic itself is not known yet.
	 */
	async #waitUntilKnown(topic: string): Promise<void> {
		await retry(() => this.extents(topic), { pauseMs: () => 100, withinMs: topicTimeoutMs });
	}

	async publish(topic: string, messages: readonly Outgoing[]): Promise<void> {
		const producer = await this.#producer.get();
		for (const portion of recordBatches(messages))
			await producer.send({ topic, messages: portion, acks: -1, timeout: 5000 });
	}

	async subscribe(options: SubscribeOptions): Promise<Subscription> {
		const extents = (topic: string) => this.extents(topic);
		const member: KafkaMember = new KafkaMember(
			onCrash =>
				new KafkaSubscription(this.#consumer(options.group, member), options, extents, onCrash),
			options.onError
		);
		this.#open.add(member);
		const stop = async () => {
			this.#open.delete(member);
			await member.stop();
		};
		await member.start().catch(async error => {
			await stop();
			throw error;
		});
		return { stop, reposition: () => member.reposition() };
	}

	#consumer(groupId: string, member: KafkaMember) {
		return this.#kafka.consumer({
			groupId,
			allowAutoTopicCreation: false,
			sessionTimeout: 10_000,
			heartbeatInterval: 2000,
			rebalanceTimeout: 15_000,
			maxWaitTimeInMs: 250,
			retry: { ...retrySettings(8), restartOnFailure: async () => this.#open.has(member) }
		});
	}

	async extents(topic: string): Promise<Extent[]> {
		const found = await this.#admin
			.use(admin => admin.fetchTopicOffsets(topic))
			.catch(error => {
				throw isNoTopic(error) ? new NoSuchTopic(topic) : error;
			});
		return found
			.map(({ partition, low, high }) => ({ partition, first: BigInt(low), next: BigInt(high) }))
			.sort((a, b) => a.partition - b.partition);
	}

	async offsetsAt(topic: string, at: Date): Promise<Map<number, bigint>> {
		const ask = (admin: Admin) => admin.fetchTopicOffsetsByTimestamp(topic, at.getTime());
		const found = await this.#admin.use(ask);
		return new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]));
	}

	/** A broker takes a while to notice that the last member has left. */
	async deleteGroup(group: string): Promise<void> {
		const ask = (admin: Admin) => admin.deleteGroups([group]);
		await retry(() => this.#admin.use(ask), { pauseMs: () => 250, attempts: 21 });
	}

	async close(): Promise<void> {
		const open = [...this.#open];
		this.#open.clear();
		await Promise.all(open.map(subscription => subscription.stop()));
		await within(closeTimeoutMs, Promise.all([this.#producer.close(), this.#admin.close()]));
	}
}
