import type { WebhookDisabledEvent } from "../../contracts/events.ts";
import {
	refillStatement,
	toStaffMessage,
	type OutboxRow
} from "../../streams/outbox/staff-outbox.ts";
import { outboxStatements } from "../../streams/outbox/outbox.statements.ts";
import type { Pending } from "../../streams/outbox/relay.ts";

export const statements = outboxStatements({
	schema: "webhook",
	batch: "select id, event_id, endpoint_id as subject, occurred_at, payload::text as data from due",
	waitingSince: "occurred_at",
	remove: "purge_outbox"
});

export const refill = refillStatement("webhook");

export const toMessage = (row: OutboxRow): Pending =>
	toStaffMessage<WebhookDisabledEvent>(row, { type: "webhook.disabled", source: "/webhooks" });
