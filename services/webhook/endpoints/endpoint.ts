import type { Webhook, WebhookEventType } from "../../../contracts/webhook.ts";

/** A row of webhook.endpoint, without its secrets. */
export interface EndpointRow {
	id: string;
	url: string;
	description: string | null;
	event_types: WebhookEventType[];
	enabled: boolean;
	disabled_reason: Webhook["disabled_reason"];
	failing_since: Date | null;
	last_error: string | null;
	paused_until: Date | null;
	created_at: Date;
	updated_at: Date;
}

export const endpointColumns =
	"id, url, description, event_types, enabled, disabled_reason, failing_since, last_error, paused_until, created_at, updated_at";

export function toWebhook({
	failing_since,
	paused_until,
	created_at,
	updated_at,
	...row
}: EndpointRow): Webhook {
	return {
		...row,
		failing_since: failing_since?.toISOString() ?? null,
		paused_until: paused_until?.toISOString() ?? null,
		created_at: created_at.toISOString(),
		updated_at: updated_at.toISOString()
	};
}
