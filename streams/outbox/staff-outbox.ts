import { schemaOf, type StaffEvent } from "../../contracts/events.ts";
import type { Statement } from "../../db/database.ts";
import { cloudMessage, type Attributes } from "../messages/cloud-message.ts";
import { topics } from "../messages/topics.ts";
import type { Pending } from "./relay.ts";

/** The outbox of a service that publishes events for the staff only, on the topic `notifications`. */

/** A row of the outbox. Its data stays text, because the message is that text. */
export interface OutboxRow {
	id: number;
	event_id: string;
	subject: string;
	occurred_at: Date;
	data: string;
}

/** Of the schema of a service; $1 since when, $2 whether events are only counted. Those published more than a week ago have been removed. */
export const refillStatement = (owner: string): Statement => ({
	name: `${owner}.outbox_refill`,
	text: `
	with due as (
		select id from ${owner}.outbox where published_at is not null and occurred_at >= $1
	), back as (
		update ${owner}.outbox o set published_at = null from due where o.id = due.id and not $2
	)
	select count(*)::int as refilled from due`
});

export function toStaffMessage<E extends StaffEvent>(
	{ id, event_id, subject, occurred_at, data }: OutboxRow,
	{ type, source }: Pick<E, "type" | "source">
): Pending {
	const event: Attributes & { datacontenttype: string; dataschema: string; sequence: string } = {
		specversion: "1.0",
		id: event_id,
		source,
		type,
		subject,
		time: occurred_at.toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf(type),
		partitionkey: subject,
		sequence: String(id)
	};
	return { id, topic: topics.notifications, message: cloudMessage(event, data) };
}
