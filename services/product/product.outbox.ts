import { schemaOf, type LowStockEvent } from "../../contracts/events.ts";
import type { Statement } from "../../db/database.ts";
import { cloudMessage } from "../../streams/messages/cloud-message.ts";
import { outboxStatements } from "../../streams/outbox/outbox.statements.ts";
import type { Pending } from "../../streams/outbox/relay.ts";
import { topics } from "../../streams/messages/topics.ts";

/** A row of the outbox. Its data stays text, because the message is that text. */
export interface OutboxRow {
	id: number;
	event_id: string;
	product_id: string;
	occurred_at: Date;
	data: string;
}

/**
 * Reservations are committed without waiting for the disk (docs/decisions/0005). Reading a batch sets `taken_at`,
 * and the commit of that update waits for the disk, which also flushes all commits before it: an event is
 * published only when what it announces is durable.
 */
export const statements = outboxStatements({
	schema: "product",
	batch: `
		update product.outbox o set taken_at = clock_timestamp() from due where o.id = due.id
		returning o.id, o.event_id, o.product_id, o.occurred_at, o.payload::text as data`,
	waitingSince: "occurred_at",
	remove: "purge_outbox"
});

/** $1 since when, $2 whether events are only counted. Those published more than a week ago have been removed. */
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
