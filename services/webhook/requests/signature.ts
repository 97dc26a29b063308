import { Webhook } from "standardwebhooks";

interface Message {
	event_id: string;
	body: string;
	secrets: readonly string[];
	/** By the database's clock. */
	claimed_at: Date;
}

/** The headers of Standard Webhooks. Each secret signs, so that receivers can change theirs in their own time. */
export function signedHeaders(message: Message): Record<string, string> {
	const { event_id, body, secrets, claimed_at } = message;
	const signatures = secrets.map(secret => new Webhook(secret).sign(event_id, claimed_at, body));
	return {
		"content-type": "application/json",
		"user-agent": "moleculer-commerce",
		"webhook-id": event_id,
		"webhook-timestamp": String(Math.floor(claimed_at.getTime() / 1000)),
		"webhook-signature": signatures.join(" ")
	};
}
