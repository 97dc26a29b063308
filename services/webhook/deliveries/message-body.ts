import type {
	LowStockEvent,
	OrderStreamEvent,
	WebhookDisabledEvent
} from "../../../contracts/events.ts";
import type { WebhookMessage } from "../../../contracts/webhook.ts";
import type { Outgoing } from "./delivery-row.ts";

/** What the service reads. Webhooks may ask for all but the last one. */
export type WebhookEvent = OrderStreamEvent | LowStockEvent | WebhookDisabledEvent;

/** An event as it is sent: the members that Standard Webhooks advises, with an id and a sequence. */
export function toOutgoing({ id, type, time, sequence, data }: WebhookEvent): Outgoing {
	const message = { id, type, timestamp: time, sequence, data };
	return { event_id: id, event_type: type, occurred_at: time, body: JSON.stringify(message) };
}

/** The test message. */
export function pingMessage(
	id: string,
	webhook_id: string,
	timestamp: string
): Omit<Outgoing, "event_type"> {
	const message: WebhookMessage = {
		id,
		type: "webhook.ping",
		timestamp,
		sequence: "1",
		data: { webhook_id }
	};
	return { event_id: id, occurred_at: timestamp, body: JSON.stringify(message) };
}
