import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SESClient, VerifyDomainIdentityCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
	CreateQueueCommand,
	DeleteMessageCommand,
	ReceiveMessageCommand,
	SQSClient,
	type Message
} from "@aws-sdk/client-sqs";
import { DynamoStore } from "../../../services/notification/storage/dynamo.store.ts";
import type { NotificationStore } from "../../../services/notification/tracking-store.ts";
import { tableSpec } from "../servers/dynamo-table.ts";
import { startMoto, type Moto } from "../servers/moto.ts";
import { startRefusingProxy } from "../servers/refusing-proxy.ts";

const table = "messages";
const sender = "shop.example";

/** A simulated AWS with what messages need: a table, a domain that may send mail, and a topic with a subscribed queue. */
export interface MessageAws {
	readonly moto: Moto;
	/** Settings of a node or a function that sends by it. */
	readonly environment: Record<string, string>;
	/** The table, as the test sees it. */
	readonly store: NotificationStore;
	readonly sqs: SQSClient;
	/** Message-IDs of the mails that were sent to somebody, in the order of sending. */
	mailsTo(address: string): Promise<string[]>;
	/** Texts that were sent to a phone. */
	textsTo(phone: string): Promise<string[]>;
	/** Events that were published to the topic since the last call. */
	published(): Promise<{ id: string; event_id: string }[]>;
	/** Refuses mail from now on as SES does for this reason, or takes it again. */
	refuseMail(code?: string, message?: string): void;
	createTable(): Promise<void>;
	deleteTable(): Promise<void>;
	newQueue(name: string): Promise<string>;
	/** All messages of a queue, which are taken out of it. */
	drain(queueUrl: string): Promise<Message[]>;
	stop(): Promise<void>;
}

export async function startMessageAws(): Promise<MessageAws> {
	const moto = await startMoto();
	const { endpoint, region } = moto.client;
	const [ses, sns] = [new SESClient(moto.client), new SNSClient(moto.client)];
	const [sqs, dynamo] = [new SQSClient(moto.client), new DynamoDBClient(moto.client)];

	const newQueue = async (QueueName: string) =>
		(await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl!;
	const drain = async (QueueUrl: string) => {
		const found: Message[] = [];
		for (;;) {
			const { Messages = [] } = await sqs.send(
				new ReceiveMessageCommand({
					QueueUrl,
					MaxNumberOfMessages: 10,
					MessageAttributeNames: ["All"]
				})
			);
			if (Messages.length === 0) return found;
			for (const { ReceiptHandle } of Messages)
				await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
			found.push(...Messages);
		}
	};
	const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "shop" }));
	const copies = await newQueue("copies");
	const Endpoint = `arn:aws:sqs:${region}:123456789012:copies`;
	await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));

	const createTable = async () =>
		void (await dynamo.send(new CreateTableCommand(tableSpec(table))));
	await ses.send(new VerifyDomainIdentityCommand({ Domain: sender }));
	await createTable();
	const proxy = await startRefusingProxy(endpoint);

	type Sent = Record<string, Record<string, string>[] | undefined>;
	return {
		moto,
		environment: {
			MAIL_DRIVER: "ses",
			MAIL_FROM: `Shop <orders@${sender}>`,
			SMS_DRIVER: "sns",
			SNS_TOPIC_ARN: TopicArn!,
			SES_RATE_PER_S: "100",
			NOTIFICATION_STORE: "dynamodb",
			NOTIFICATION_TABLE: table,
			AWS_REGION: region,
			AWS_ENDPOINT_URL: proxy.url,
			AWS_ACCESS_KEY_ID: "test",
			AWS_SECRET_ACCESS_KEY: "test"
		},
		store: new DynamoStore({ client: dynamo, table }),
		sqs,
		async mailsTo(address) {
			const { RawMessage = [] } = (await moto.data("ses")) as Sent;
			return RawMessage.map(({ raw_data = "" }) => raw_data)
				.filter(mail => mail.includes(`To: ${address}`) || mail.includes(`<${address}>`))
				.map(mail => /^Message-ID: <([^@]+)@/im.exec(mail)?.[1] ?? mail);
		},
		async textsTo(phone) {
			const { SMS = [] } = (await moto.data("sns")) as Sent;
			return SMS.filter(({ phone_number }) => phone_number === phone).map(
				({ message }) => message!
			);
		},
		async published() {
			const messages = await drain(copies);
			return messages.map(({ Body }) => JSON.parse(JSON.parse(Body!).Message));
		},
		refuseMail(code, message) {
			if (code === undefined) return proxy.refuse();
			const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
			proxy.refuse("Action=SendRawEmail", { status: 400, body });
		},
		createTable,
		async deleteTable() {
			await dynamo.send(new DeleteTableCommand({ TableName: table }));
		},
		newQueue,
		drain,
		async stop() {
			for (const client of [ses, sns, sqs, dynamo]) client.destroy();
			await proxy.stop();
			await moto.stop();
		}
	};
}
