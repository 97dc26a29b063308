import { schemaOf, type OrderEventType, type OrderStreamEvent } from "../../../contracts/events.ts";
import { cloudMessage } from "../../../streams/messages/cloud-message.ts";
import { outboxStatements } from "../../../streams/outbox/outbox.statements.ts";
import type { Pending } from "../../../streams/outbox/relay.ts";
import { topics } from "../../../streams/messages/topics.ts";

/** A row of the outbox. Its data stays text, because the message is that text. */
export interface OutboxRow {
	id: number;
	/** Chosen by the database with the row (default `gen_random_uuid()`); consumers deduplicate by it. */
	event_id: string;
	epoch: number;
	order_id: string;
	user_id: string;
	version: number;
	type: OrderEventType;
	occurred_at: Date;
	data: string;
	/** Of the request that placed the order; null if there was none. */
	traceparent: string | null;
}

/** Quiet events are part of an order's history, but are not published. */
export const statements = outboxStatements({
	schema: "orders",
	batch: `
		select due.id, event_id, epoch, order_id, due.user_id, due.version, type, occurred_at, payload::text as data, traceparent
		from due left join orders.orders o on o.id = order_id`,
	waitingSince: "occurred_at",
	only: "not quiet",
	remove: "archive_outbox"
});

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
