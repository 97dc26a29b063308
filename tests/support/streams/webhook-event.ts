import { schemaOf, type WebhookDisabledEvent } from "../../../contracts/events.ts";
import { newId } from "../../../lib/id.ts";
import type { Outgoing } from "../../../streams/driver.ts";
import { cloudMessage } from "../../../streams/messages/cloud-message.ts";

/** An event as the webhook service publishes it; data that is not given is generated. */
export function buildWebhookDisabled(
	changes: Partial<WebhookDisabledEvent["data"]> = {}
): WebhookDisabledEvent {
	const { webhook_id = newId() } = changes;
	return {
		specversion: "1.0",
		id: newId(),
		source: "/webhooks",
		type: "webhook.disabled",
		subject: webhook_id,
		time: new Date().toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf("webhook.disabled"),
		partitionkey: webhook_id,
		sequence: "1",
		data: {
			webhook_id,
			url: "https://erp.example/hooks/orders",
			reason: "failing",
			failing_since: "2026-02-22T12:30:00.000Z",
			last_error: "answered 500",
			...changes
		}
	};
}

/** The event as a message of the topic `notifications`. */
export function webhookDisabledMessage({ data, ...attributes }: WebhookDisabledEvent): Outgoing {
	return cloudMessage(attributes, JSON.stringify(data));
}
