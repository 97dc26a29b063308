import type { WebhookDelivery, WebhookEventType } from "../../../contracts/webhook.ts";

/** A row of webhook.delivery, without its body. */
export interface DeliveryRow {
	id: string;
	webhook_id: string;
	event_id: string;
	event_type: WebhookDelivery["event_type"];
	state: WebhookDelivery["state"];
	attempts: number;
	redeliveries: number;
	due_at: Date | null;
	last_status: number | null;
	last_error: string | null;
	occurred_at: Date;
	created_at: Date;
	delivered_at: Date | null;
}

/** What is sent about an event to every endpoint that wants it. */
export interface Outgoing {
	event_id: string;
	event_type: WebhookEventType | "webhook.disabled";
	/** RFC 3339. */
	occurred_at: string;
	body: string;
}

/** A delivery that only this node may send until the lease expires, and how it is sent. */
export interface Claim {
	id: string;
	endpoint_id: string;
	event_id: string;
	body: string;
	/** Including this one, since it was last requested. */
	attempts: number;
	redeliveries: number;
	fence: number;
	url: string;
	/** Sign the request: the secret, and for a day the one before it. */
	secrets: string[];
	/** Of the endpoint in a row, before this one. */
	failures: number;
	/** By the database's clock. */
	claimed_at: Date;
}

/** They are removed so long after they were made. */
export const keptDays = 30;

export function toDelivery(row: DeliveryRow): WebhookDelivery {
	const { due_at, occurred_at, created_at, delivered_at, ...rest } = row;
	return {
		...rest,
		next_attempt_at: due_at?.toISOString() ?? null,
		occurred_at: occurred_at.toISOString(),
		created_at: created_at.toISOString(),
		delivered_at: delivered_at?.toISOString() ?? null
	};
}
