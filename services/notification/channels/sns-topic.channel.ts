import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import { askAws } from "../aws/client-options.ts";
import type { Channel, Dispatch } from "../channel.ts";

const text = (StringValue: string) => ({ DataType: "String", StringValue });

/**
 * In a FIFO topic what belongs to one order or product is one group, and an id that is sent twice within
 * five minutes comes once. A group has the order in which SNS took it, not that of the facts: several
 * are sent at once, and what is tried again comes behind later ones. `time` tells which was first.
 */
function inOrder(topicArn: string, { id, fact: { data } }: Dispatch) {
	if (!topicArn.endsWith(".fifo")) return {};
	const MessageGroupId = "order_id" in data ? data.order_id : data.product_id;
	return { MessageGroupId, MessageDeduplicationId: id };
}

/** Tells other systems what people are told, as facts on an SNS topic. */
export class SnsTopicChannel implements Channel {
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
