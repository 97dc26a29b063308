import type pg from "pg";
import { Database, serviceUrl } from "../../../db/database.ts";
import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { applyEvents } from "../../../services/analytics/windows/intake.ts";
import { WindowEmitter } from "../../../services/analytics/windows/emitter.ts";
import type { Extent } from "../../../streams/driver.ts";
import { testDatabase, type TestDatabase } from "../servers/database.ts";
import type { Crash } from "./window-simulation.ts";

const topic = "orders";

/** The tables of the service, filled as its consumer fills them; time passes only on request. */
export class WindowStore {
	readonly database: TestDatabase;
	readonly pg: Database;
	readonly emitter: WindowEmitter;
	log: readonly (readonly OrderStreamEvent[])[] = [];
	/** How many of the oldest messages of each partition have expired. */
	dropped = 0;

	private constructor(database: TestDatabase) {
		this.database = database;
		this.pg = new Database({
			url: serviceUrl(database.url, "analytics"),
			pool: 4,
			durability: "strict",
			name: "test analytics"
		});
		this.emitter = new WindowEmitter({
			pg: this.pg,
			topic,
			extents: async () =>
				this.log.map(extentOf).map(one => ({ ...one, first: this.#oldest(one) })),
			everyMs: 50,
			onError: error => console.error(error)
		});
	}

	static async open(): Promise<WindowStore> {
		const database = await testDatabase();
		await database.rows(`create schema reader; create table reader.inbox (id uuid primary key);
			create table reader.position (partition int primary key, next int not null);
			grant usage on schema reader to shop_analytics;
			grant all on all tables in schema reader to shop_analytics`);
		return new WindowStore(database);
	}

	#oldest({ next }: Extent): bigint {
		return BigInt(Math.min(this.dropped, Number(next)));
	}

	async close(): Promise<void> {
		await this.emitter.stop();
		await this.pg.close();
		await this.database.drop();
	}

	/** Resets the tables, and uses another log. */
	async begin(log: readonly (readonly OrderStreamEvent[])[]): Promise<void> {
		this.log = log;
		this.dropped = 0;
		await this.database
			.rows(`truncate reader.inbox, reader.position, analytics.partitions, analytics.watermarks,
			analytics.windows, analytics.window_users, analytics.product_sales, analytics.reversals, analytics.late_events,
			analytics.results, analytics.outbox restart identity`);
		await this.database.rows("insert into reader.position select generate_series(0, $1), 0", [
			log.length - 1
		]);
	}

	/** The inbox, the effect and the position in one transaction, which a crash rolls back or hides. */
	async deliver(partition: number, count: number, crash: Crash = "none"): Promise<number> {
		const events = this.log[partition]!;
		let read = 0;
		await this.pg
			.transaction(async tx => {
				const [at] = await tx.query<{ next: number }>(
					{
						name: "lock",
						text: "select next from reader.position where partition = $1 for update"
					},
					[partition]
				);
				const batch = events.slice(at!.next, at!.next + count);
				if (batch.length === 0) return;
				const fresh = await tx.query<{ id: string }>(
					{
						name: "admit",
						text: `insert into reader.inbox select distinct unnest($1::uuid[]) on conflict do nothing returning id`
					},
					[batch.map(({ id }) => id)]
				);
				const left = new Set(fresh.map(({ id }) => id));
				const next = at!.next + batch.length;
				const end = BigInt(events.length);
				const work = { topic, partition, next: BigInt(next), end, again: false };
				await applyEvents({ ...work, events: batch.filter(({ id }) => left.delete(id)) }, tx);
				await tx.query(
					{ name: "move", text: "update reader.position set next = $2 where partition = $1" },
					[partition, next]
				);
				if (crash === "before") throw new Error("crash");
				read = batch.length;
			})
			.catch((error: Error) => {
				if (error.message !== "crash") throw error;
			});
		return read;
	}

	async rewind(partition: number, count: number): Promise<void> {
		await this.database.rows(
			"update reader.position set next = greatest(0, next - $2) where partition = $1",
			[partition, count]
		);
	}

	/** Moves all times of arrival and emission into the past. */
	async tick(ms: number): Promise<void> {
		const ago = "- $1 * interval '1 ms'";
		await this.database.rows(`update analytics.partitions set heard_at = heard_at ${ago}`, [ms]);
		await this.database.rows(`update analytics.windows set emitted_at = emitted_at ${ago}`, [ms]);
	}

	/** Reads everything and moves time, until nothing more is emitted. */
	async settle(): Promise<void> {
		for (const [partition, { length }] of this.log.entries()) await this.deliver(partition, length);
		for (let idlePasses = 0; idlePasses < 2;) {
			await this.tick(10_000);
			idlePasses = (await this.emitter.emitDue()) === 0 ? idlePasses + 1 : 0;
		}
	}

	async rows<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]> {
		return this.database.rows<R>(sql, values);
	}
}

function extentOf(events: readonly OrderStreamEvent[], partition: number): Extent {
	return { partition, first: 0n, next: BigInt(events.length) };
}
