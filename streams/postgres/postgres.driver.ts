import { crc32 } from "node:zlib";
import type { Database } from "../../db/database.ts";
import {
	type Driver,
	type Extent,
	NoSuchTopic,
	type Outgoing,
	type SubscribeOptions,
	type Subscription,
	type TopicSpec
} from "../driver.ts";
import * as sql from "./log.statements.ts";
import { PostgresSubscription } from "./postgres.subscription.ts";

/** The log in Postgres: for one machine, and for tests. As strict as Kafka, and much slower. */
export class PostgresDriver implements Driver {
	readonly kind = "postgres";
	readonly #db: Database;
	readonly #pruneEveryMs: number;
	readonly #partitions = new Map<string, number>();
	readonly #open = new Set<Subscription>();

	/** @param options `pruneEveryMs`: how often a subscription removes expired messages */
	constructor(db: Database, { pruneEveryMs = 600_000 } = {}) {
		this.#db = db;
		this.#pruneEveryMs = pruneEveryMs;
	}

	async createTopics(topics: readonly TopicSpec[]): Promise<void> {
		const specs = topics.map(({ retentionMs: retention, ...spec }) => ({ ...spec, retention }));
		await this.#db.query(sql.createTopics, [JSON.stringify(specs)]);
	}

	async publish(topic: string, messages: readonly Outgoing[]): Promise<void> {
		if (messages.length === 0) return;
		const partitions = await this.#partitionsOf(topic);
		const rows = messages.map(({ key, value, headers = {} }) => ({
			partition: crc32(key) % partitions,
			key,
			value: typeof value === "string" ? Buffer.from(value) : value,
			headers: JSON.stringify(headers)
		}));
		await this.#db.query(sql.append, [topic, ...sql.messageRows.values(rows)]);
	}

	async subscribe(options: SubscribeOptions): Promise<Subscription> {
		await Promise.all(options.topics.map(topic => this.#partitionsOf(topic)));
		const subscription = new PostgresSubscription(this.#db, options, this.#pruneEveryMs);
		this.#open.add(subscription);
		subscription.start();
		return {
			reposition: () => subscription.reposition(),
			stop: async () => {
				this.#open.delete(subscription);
				await subscription.stop();
			}
		};
	}

	async extents(topic: string, { apart = false } = {}): Promise<Extent[]> {
		const read = (db: Pick<Database, "query">) =>
			db.query<{ partition: number; first: string; next: string }>(sql.extents, [topic]);
		const rows = await (apart ? this.#db.apart(read) : read(this.#db));
		if (rows.length === 0) throw new NoSuchTopic(topic);
		return rows.map(({ partition, first, next }) => ({
			partition,
			first: BigInt(first),
			next: BigInt(next)
		}));
	}

	async offsetsAt(topic: string, at: Date): Promise<Map<number, bigint>> {
		const rows = await this.#db.query<{ partition: number; next: string }>(sql.offsetsAt, [
			topic,
			at
		]);
		return new Map(rows.map(({ partition, next }) => [partition, BigInt(next)]));
	}

	/** Nothing is stored of a group without members. */
	async deleteGroup(): Promise<void> {}

	async close(): Promise<void> {
		await Promise.all([...this.#open].map(subscription => subscription.stop()));
		this.#open.clear();
		await this.#db.close();
	}

	/** The number never changes once a topic is created. @throws Error for an unknown topic */
	async #partitionsOf(topic: string): Promise<number> {
		const known = this.#partitions.get(topic);
		if (known) return known;
		const [row] = await this.#db.query<{ count: number }>(sql.countPartitions, [topic]);
		if (!row!.count) throw new NoSuchTopic(topic);
		this.#partitions.set(topic, row!.count);
		return row!.count;
	}
}
