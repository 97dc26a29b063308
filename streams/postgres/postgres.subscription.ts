import type { Database, Session } from "../../db/database.ts";
import { newId } from "../../lib/id.ts";
import { pause, reconnectPauseMs, retry } from "../../lib/retry.ts";
import type { SubscribeOptions } from "../driver.ts";
import { PostgresPartition } from "./postgres.partition.ts";
import { PostgresRetention } from "./retention.ts";
import * as sql from "./log.statements.ts";

interface Wanted {
	topic: string;
	partition: number;
	members: string[];
}

const tickMs = 500;
const nameOf = ({ topic, partition }: { topic: string; partition: number }) =>
	`${topic} ${partition}`;

/**
 * One member of a group. Its session holds an advisory lock for each partition it reads, so no two members
 * ever read the same one; the list of members only says which one should. When the session is lost, so are
 * the locks, and the member joins again.
 */
export class PostgresSubscription {
	readonly #db: Database;
	readonly #options: SubscribeOptions;
	readonly #id = newId();
	readonly #partitions = new Map<string, PostgresPartition>();
	readonly #stopping = new AbortController();
	readonly #retention: PostgresRetention;
	#ended: Promise<void> = Promise.resolve();

	constructor(db: Database, options: SubscribeOptions, pruneEveryMs: number) {
		this.#db = db;
		this.#options = options;
		this.#retention = new PostgresRetention(db, pruneEveryMs, options.onError);
	}

	start(): void {
		this.#retention.start();
		this.#ended = this.#run();
	}

	reposition(): void {
		for (const partition of this.#partitions.values()) partition.reposition();
	}

	async stop(): Promise<void> {
		this.#stopping.abort();
		await Promise.all([this.#ended, this.#retention.stop()]);
	}

	async #run(): Promise<void> {
		await retry(onHealthy => this.#runSession(onHealthy), {
			pauseMs: reconnectPauseMs,
			signal: this.#stopping.signal,
			onError: error => this.#options.onError(error)
		});
	}

	/** Runs until it is stopped; reports each successful heartbeat. @throws the error that ended its session */
	async #runSession(onHealthy: () => void): Promise<void> {
		const lost = new AbortController();
		const session = await this.#db.session({
			onLost: error => lost.abort(error),
			onNotice: topic => this.#wake(topic)
		});
		try {
			await session.query({ name: "streams.listen", text: "listen streams" });
			while (!this.#stopping.signal.aborted) {
				lost.signal.throwIfAborted();
				await this.#tick(session);
				onHealthy();
				await pause(tickMs, this.#stopping.signal, lost.signal);
			}
		} finally {
			await Promise.all([...this.#partitions.values()].map(partition => partition.stop()));
			this.#partitions.clear();
			this.#options.onAssigned?.([]);
			const { group } = this.#options;
			await session.query(sql.leave, [group, this.#id]).catch(() => undefined);
			await session.close();
		}
	}

	/** Sends a heartbeat, and locks and unlocks partitions so that each member has its share. */
	async #tick(session: Session): Promise<void> {
		const { group, topics } = this.#options;
		const [joined] = await session.query<{ gone: number[] }>(sql.join, [group, this.#id, topics]);
		if (joined!.gone.length > 0) await session.query(sql.evict, [joined!.gone]);
		const all = await session.query<Wanted>(sql.wanted, [group]);
		const mine = all.filter(({ members }, index) => members[index % members.length] === this.#id);
		const before = [...this.#partitions.keys()].join();
		await this.#leaveAllBut(session, new Set(mine.map(nameOf)));
		for (const one of mine) await this.#take(session, one);
		if ([...this.#partitions.keys()].join() !== before) this.#reportAssigned();
	}

	async #leaveAllBut(session: Session, mine: ReadonlySet<string>): Promise<void> {
		const others = [...this.#partitions].filter(([name]) => !mine.has(name));
		await Promise.all(
			others.map(async ([name, own]) => {
				await own.stop();
				this.#partitions.delete(name);
				await session.query(sql.unlock, [this.#options.group, own.topic, own.partition]);
			})
		);
	}

	async #take(session: Session, { topic, partition }: Wanted): Promise<void> {
		const name = nameOf({ topic, partition });
		if (this.#partitions.has(name)) return;
		const { group } = this.#options;
		const [row] = await session.query<{ locked: boolean }>(sql.lock, [group, topic, partition]);
		if (!row!.locked) return;
		const own = new PostgresPartition(this.#db, this.#options, topic, partition);
		this.#partitions.set(name, own);
		own.start();
	}

	#reportAssigned(): void {
		this.#options.onAssigned?.(
			[...this.#partitions.values()].map(({ topic, partition }) => ({ topic, partition }))
		);
	}

	#wake(topic: string): void {
		for (const partition of this.#partitions.values())
			if (partition.topic === topic) partition.wake();
	}
}
