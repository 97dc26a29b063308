import type { Bug } from "./bug.ts";

const sender = "services/webhook/deliveries/webhook-sender.ts";

/** Mistakes of shops whose webhooks lost an event, or sent one that no receiver takes. */
export const webhookBugs: readonly Bug[] = [
	{
		name: "a delivery is noted before it is made",
		file: sender,
		find: 'await failpoint("webhook.send.before_request");',
		replace: `const noted = { status: 204, error: null, answer: "", retryAfterMs: undefined, durationMs: 0 };
		await deliveries.settle({ claim, attempt: noted, outcome: { state: "delivered" } });
		await new Promise(resolve => setTimeout(resolve, 1000));`,
		promise: "P20",
		scenario: "webhook_kills"
	},
	{
		name: "what a killed node was sending is never sent",
		file: "services/webhook/deliveries/delivery.statements.ts",
		find: "update webhook.delivery d set due_at = clock_timestamp() + $1::int * interval '1 ms',",
		replace: "update webhook.delivery d set due_at = clock_timestamp() + interval '1 day',",
		// Else most are sent before their node is killed.
		furtherChanges: [
			{
				file: sender,
				find: 'await failpoint("webhook.send.before_request");',
				replace: "await new Promise(resolve => setTimeout(resolve, 1000));"
			}
		],
		promise: "P20",
		scenario: "webhook_kills"
	},
	{
		name: "the time of a signature is the node's",
		file: "services/webhook/requests/signature.ts",
		find: "const { event_id, body, secrets, claimed_at } = message;",
		replace: "const { event_id, body, secrets } = message;\n\tconst claimed_at = new Date();",
		promise: "P20",
		scenario: "purchases"
	},
	{
		name: "a redirect counts as an acknowledgement",
		file: "services/webhook/requests/webhook-client.ts",
		find: "status >= 200 && status < 300",
		replace: "status >= 200 && status < 400",
		promise: "P20",
		scenario: "webhook_kills"
	}
];
