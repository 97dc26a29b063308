import { schemaOf, type OrderEventType, type OrderStreamEvent } from "../../../contracts/events.ts";
import type { Refill } from "../../../contracts/streams.ts";
import type { Database, Statement } from "../../../db/database.ts";
import { cloudMessage } from "../../../streams/messages/cloud-message.ts";
import type { Lag } from "../../../lib/gauges.ts";
import { Periodic } from "../../../lib/periodic.ts";
import type { Driver } from "../../../streams/driver.ts";
import { Relay, type Pending } from "../../../streams/relay.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { refill, type RefillRequest } from "./refill.ts";

/** A row of the outbox, its data as text: nobody reads it on the way. */
interface OutboxRow {
	id: number;
	event_id: string;
	epoch: number;
	order_id: string;
	user_id: string;
	version: number;
	type: OrderEventType;
	occurred_at: Date;
	data: string;
	/** Of the request that placed the order; null where nothing says so. */
	traceparent: string | null;
}

const pending: Statement = {
	name: "outbox_pending",
	text: `select b.id, event_id, epoch, order_id, b.user_id, b.version, type, occurred_at, payload::text as data, traceparent
		from (select * from orders.outbox where published_at is null and not quiet order by id limit $1) b
			left join orders.orders o on o.id = order_id
		order by b.id`
};

const mark: Statement = {
	name: "outbox_mark",
	text: "update orders.outbox set published_at = clock_timestamp() where id = any ($1::bigint[])"
};

export function toMessage(row: OutboxRow): Pending {
	const event: Omit<OrderStreamEvent, "data"> = {
		specversion: "1.0",
		id: row.event_id,
		source: "/orders",
		type: row.type,
		subject: row.order_id,
		time: row.occurred_at.toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf(row.type),
		partitionkey: row.user_id,
		sequence: String(row.version),
		...(row.epoch > 1 && { epoch: row.epoch }),
		...(row.traceparent && { traceparent: row.traceparent })
	};
	return { id: row.id, topic: topics.orders, message: cloudMessage(event, row.data) };
}

export interface OutboxOptions {
	driver: Driver;
	/** Makes the topics; asked again until it succeeds. */
	prepare(): Promise<void>;
	onError(error: Error): void;
	onLag(lag: Lag): void;
}

const housekeepingEveryMs = 5000;
const archiveBatchSize = 1000;

/** Brings the events of orders to the stream, says how far it is behind, and moves old ones out of the way. */
export class Outbox {
	readonly #db: Database;
	readonly #options: OutboxOptions;
	readonly #relay: Relay<OutboxRow>;
	readonly #housekeeping: Periodic;

	constructor(db: Database, options: OutboxOptions) {
		this.#db = db;
		this.#options = options;
		const statements = { pending, mark, read: toMessage };
		this.#relay = new Relay<OutboxRow>({ ...options, ...statements, db, name: "orders" });
		const housekeep = (isStopping: () => boolean) => this.#runHousekeeping(isStopping);
		this.#housekeeping = new Periodic(housekeepingEveryMs, housekeep, options.onError);
	}

	start(): void {
		this.#relay.start();
		this.#housekeeping.start();
	}

	/** There is something to publish. */
	nudge(): void {
		this.#relay.nudge();
	}

	async stop(): Promise<void> {
		await Promise.all([this.#housekeeping.stop(), this.#relay.stop()]);
	}

	async #runHousekeeping(isStopping: () => boolean): Promise<void> {
		do this.#options.onLag(await this.lag());
		while ((await this.archive()) === archiveBatchSize && !isStopping());
	}

	async lag(): Promise<Lag> {
		const [lag] = await this.#db.query<Lag>({
			name: "outbox_lag",
			text: `select count(*)::int as rows, coalesce(extract(epoch from clock_timestamp() - min(occurred_at)), 0)::float8 as seconds
				from (select occurred_at from orders.outbox where published_at is null and not quiet order by id limit 10000) as waiting`
		});
		return lag!;
	}

	/** Has a page of events published again. */
	async refill(asked: RefillRequest): Promise<Refill> {
		const page = await refill(this.#db, asked);
		if (page.refilled > 0) this.nudge();
		return page;
	}

	/** Answers how many were moved, at most `archivedAtOnce`. */
	async archive(): Promise<number> {
		const [moved] = await this.#db.query<{ count: number }>({
			name: "outbox_archive",
			text: `select orders.archive_outbox(${archiveBatchSize}) as count`
		});
		return moved!.count;
	}
}
