import { schemaOf, type WebhookDisabledEvent } from "../../contracts/events.ts";
import type { Statement } from "../../db/database.ts";
import { cloudMessage } from "../../streams/messages/cloud-message.ts";
import { topics } from "../../streams/messages/topics.ts";
import { outboxStatements } from "../../streams/outbox/outbox.statements.ts";
import type { Pending } from "../../streams/outbox/relay.ts";

/** A row of the outbox. Its data stays text, because the message is that text. */
export interface OutboxRow {
	id: number;
	event_id: string;
	endpoint_id: string;
	occurred_at: Date;
	data: string;
}

export const statements = outboxStatements({
	schema: "webhook",
	batch: "select id, event_id, endpoint_id, occurred_at, payload::text as data from due",
	waitingSince: "occurred_at",
	remove: "purge_outbox"
});

/** $1 since when, $2 whether events are only counted. Those published more than a week ago have been removed. */
export const refill: Statement = {
	name: "webhook.outbox_refill",
	text: `
	with due as (
		select id from webhook.outbox where published_at is not null and occurred_at >= $1
	), back as (
		update webhook.outbox o set published_at = null from due where o.id = due.id and not $2
	)
	select count(*)::int as refilled from due`
};

export function toMessage({ id, event_id, endpoint_id, occurred_at, data }: OutboxRow): Pending {
	const type = "webhook.disabled";
	const event: Omit<WebhookDisabledEvent, "data"> = {
		specversion: "1.0",
		id: event_id,
		source: "/webhooks",
		type,
		subject: endpoint_id,
		time: occurred_at.toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf(type),
		partitionkey: endpoint_id,
		sequence: String(id)
	};
	return { id, topic: topics.notifications, message: cloudMessage(event, data) };
}
