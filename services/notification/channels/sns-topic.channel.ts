import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import { askAws, awsConnections } from "../aws/client-options.ts";
import type { Channel, Dispatch } from "../channel.ts";

const text = (StringValue: string) => ({ DataType: "String", StringValue });

/**
 * In a FIFO topic the messages of one order, product or webhook are one group, and an id that is sent twice within
 * five minutes is deduplicated. A group is in the order of arrival at SNS, not of the events: messages are sent
 * concurrently, and retries come later. `time` gives the order of events.
 */
function inOrder(topicArn: string, { id, fact: { data } }: Dispatch) {
	if (!topicArn.endsWith(".fifo")) return {};
	return { MessageGroupId: groupOf(data), MessageDeduplicationId: id };
}

function groupOf(data: Dispatch["fact"]["data"]): string {
	if ("order_id" in data) return data.order_id;
	return "product_id" in data ? data.product_id : data.webhook_id;
}

/** Publishes events to an SNS topic, for other systems. */
export class SnsTopicChannel implements Channel {
	readonly maxInFlight = awsConnections;
	readonly #client: SNSClient;
	readonly #topicArn: string;

	constructor(client: SNSClient, topicArn: string) {
		this.#client = client;
		this.#topicArn = topicArn;
	}

	async send(dispatch: Dispatch): Promise<{ providerId: string }> {
		const { id, eventId, fact } = dispatch;
		const command = new PublishCommand({
			TopicArn: this.#topicArn,
			Message: JSON.stringify({ id, event_id: eventId, ...fact }),
			MessageAttributes: { type: text(fact.type), event_id: text(eventId) },
			...inOrder(this.#topicArn, dispatch)
		});
		const { MessageId } = await askAws(options => this.#client.send(command, options));
		return { providerId: MessageId! };
	}

	async close(): Promise<void> {
		this.#client.destroy();
	}
}
