import { schemaOf, type LowStockEvent } from "../../contracts/events.ts";
import type { Statement } from "../../db/database.ts";
import { cloudMessage } from "../../streams/messages/cloud-message.ts";
import type { Pending } from "../../streams/relay.ts";
import { topics } from "../../streams/messages/topics.ts";

/** A row of the outbox, its data as text: nobody reads it on the way. */
export interface OutboxRow {
	id: number;
	event_id: string;
	product_id: string;
	occurred_at: Date;
	data: string;
}

/**
 * Goods are taken off the shelf by commits that do not wait for the disk (docs/decisions/0005). This one
 * waits, and flushes those before it: what is published has happened, whatever crashes then.
 */
export const pending: Statement = {
	name: "product.outbox_pending",
	text: `
	with due as materialized (
		select id from product.outbox where published_at is null order by id limit $1
	), taken as (
		update product.outbox o set taken_at = clock_timestamp() from due where o.id = due.id
		returning o.id, event_id, product_id, occurred_at, payload::text as data
	)
	select * from taken order by id`
};

/** No more than 10,000 rows are counted. */
export const lag: Statement = {
	name: "product.outbox_lag",
	text: `
	select count(*)::int as rows, coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as seconds
	from (select occurred_at as at from product.outbox where published_at is null order by id limit 10000) as waiting`
};

export const purge: Statement = {
	name: "product.outbox_forget",
	text: "select product.purge_published()"
};

export const mark: Statement = {
	name: "product.outbox_mark",
	text: "update product.outbox set published_at = clock_timestamp() where id = any ($1::bigint[])"
};

/**
 * $1 since when, $2 whether they are only counted. What was published a week ago and more is not here any
 * longer, and is no news.
 */
export const refill: Statement = {
	name: "product.outbox_refill",
	text: `
	with due as (
		select id from product.outbox where published_at is not null and occurred_at >= $1
	), back as (
		update product.outbox o set published_at = null from due where o.id = due.id and not $2
	)
	select count(*)::int as refilled from due`
};

export function toMessage({ id, event_id, product_id, occurred_at, data }: OutboxRow): Pending {
	const type = "product.low_stock";
	const event: Omit<LowStockEvent, "data"> = {
		specversion: "1.0",
		id: event_id,
		source: "/products",
		type,
		subject: product_id,
		time: occurred_at.toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf(type),
		partitionkey: product_id,
		sequence: String(id)
	};
	return { id, topic: topics.notifications, message: cloudMessage(event, data) };
}
