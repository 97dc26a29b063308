import { webhookMessages } from "../../../contracts/webhook.ts";
import type { Components, Json } from "./components.ts";

const summaries: Readonly<Record<keyof typeof webhookMessages, string>> = {
	order: "An event of an order",
	product: "A product is running low",
	ping: "A test message, which an admin had sent"
};

const header = (name: string, description: string) => ({
	name,
	in: "header",
	required: true,
	description,
	schema: { type: "string" }
});

const headers = [
	header(
		"webhook-id",
		"The message: the same in each attempt, so that a repetition can be ignored"
	),
	header("webhook-timestamp", "When the attempt was made, in seconds since 1970"),
	header("webhook-signature", "`v1,` and a signature in base64, or two with a space between them")
];

/** The requests that webhooks get, as OpenAPI's `webhooks`. */
export function describeWebhooks(components: Components): Json {
	const entries = Object.entries(webhookMessages).map(([name, message]) => [
		name,
		{
			post: {
				summary: summaries[name as keyof typeof summaries],
				description:
					"Signed as Standard Webhooks say (docs/webhooks.md). Any other answer than 2xx is a failure, and the message is sent again",
				parameters: headers,
				requestBody: {
					required: true,
					content: { "application/json": { schema: components.plain(message) } }
				},
				responses: {
					"2XX": { description: "It was received" },
					410: { description: "Nothing more is to be sent: the webhook is disabled" }
				}
			}
		}
	]);
	return Object.fromEntries(entries) as Json;
}
