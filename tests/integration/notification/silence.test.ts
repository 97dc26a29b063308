import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SESClient, VerifyDomainIdentityCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { toConfig, useConfig } from "../../../config/index.ts";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { Channel, Refused } from "../../../services/notification/channel.ts";
import { openChannels } from "../../../services/notification/channels/channel.factory.ts";
import { SmtpChannel } from "../../../services/notification/channels/smtp.channel.ts";
import type { MailboxStore } from "../../../services/notification/channels/mailbox-store.ts";
import { openStore } from "../../../services/notification/storage/store.factory.ts";
import type { Database } from "../../../db/database.ts";
import { within } from "../../../lib/retry.ts";
import { dispatch } from "../../support/notification/sample-dispatch.ts";
import { describeWith } from "../../support/describe-with.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import { startMailServer } from "../../support/servers/mail-server.ts";
import { installWithinMs, startMoto, type Moto } from "../../support/servers/moto.ts";
import { startUnaccepting } from "../../support/servers/unaccepting.ts";

/** Providers of messages whose connections are silent and are never reset. */

const onError = (error: Error) => {
	throw error;
};
const closers: (() => unknown)[] = [];
afterAll(async () => {
	for (const close of closers.reverse()) await close();
});

/** More than the longest limit of a channel. */
const withinMs = 25_000;

const kindOf = (sent: Promise<unknown>): Promise<string | undefined> =>
	within(
		withinMs,
		sent.then(
			() => "sent",
			(error: Refused) => error.refusal.kind
		)
	);

const outcomeOf = (sent: Promise<unknown>): Promise<string | undefined> =>
	within(
		withinMs,
		sent.then(
			() => "answered",
			() => "failed"
		)
	);

const smtp = (port: number) => {
	const url = `smtp://127.0.0.1:${port}`;
	const channel = new SmtpChannel({ url, tls: "offered", from: "Shop <a@shop.example>", onError });
	closers.push(() => channel.close());
	return channel;
};

describe("a mail server", () => {
	it("that falls silent is given up, and no place for a connection is lost", async () => {
		const server = await startMailServer({ authOptional: true, disabledCommands: ["STARTTLS"] });
		const proxy = await Proxy.open(`tcp://127.0.0.1:${server.port}`);
		closers.push(
			() => server.stop(),
			() => proxy.close()
		);
		const channel = smtp(proxy.port);
		const many = () => Array.from({ length: channel.maxInFlight }, () => channel.send(dispatch()));
		await Promise.all(many());
		proxy.silence();
		// What was not being sent yet goes over a new connection.
		for (const kind of await Promise.all(many().map(kindOf)))
			expect(["sent", "temporary"]).toContain(kind);
		await Promise.all(many());
	}, 60_000);

	it.each([
		{ name: "takes no connection", stall: false },
		{ name: "takes a connection and says nothing", stall: true }
	])(
		"that $name is given up",
		async ({ stall }) => {
			const server = await startUnaccepting();
			const proxy = await Proxy.open(`tcp://127.0.0.1:${server.port}`);
			closers.push(
				() => server.stop(),
				() => proxy.close()
			);
			const channel = smtp(stall ? proxy.port : server.port);
			expect(await kindOf(channel.send(dispatch()))).toBe("temporary");
		},
		60_000
	);
});

const settings = {
	MAIL_DRIVER: "ses",
	MAIL_FROM: "Shop <orders@shop.example>",
	SMS_DRIVER: "sns",
	SNS_TOPIC_ARN: "arn:aws:sns:eu-central-1:123456789012:shop",
	NOTIFICATION_STORE: "dynamodb",
	NOTIFICATION_TABLE: "messages",
	AWS_REGION: "eu-central-1"
};
// Credentials as the AWS SDK finds them.
const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

/** Each client of AWS: what it sends. */
async function awsClients(endpoint: string): Promise<Record<string, () => Promise<unknown>>> {
	useConfig(toConfig(readEnvironment({ ...settings, AWS_ENDPOINT_URL: endpoint })));
	const channels = await openChannels({ onError }, undefined as unknown as MailboxStore);
	const store = await openStore(undefined as unknown as Database);
	for (const channel of channels.values()) closers.push(() => channel.close());
	const send = (name: NotificationChannel, to?: string) => () =>
		(channels.get(name) as Channel).send(dispatch(to === undefined ? {} : { to }));
	return {
		SES: send("email"),
		SNS: send("sms", "+4915112345678"),
		"a topic of SNS": send("sns_topic"),
		DynamoDB: () => store.backlog()
	};
}

describeWith("python")("AWS", () => {
	let moto: Moto;
	let proxy: Proxy;

	beforeAll(async () => {
		Object.assign(process.env, credentials);
		moto = await startMoto();
		proxy = await Proxy.open(moto.client.endpoint);
		closers.push(
			() => moto.stop(),
			() => proxy.close()
		);
		const ses = new SESClient(moto.client);
		await ses.send(new VerifyDomainIdentityCommand({ Domain: "shop.example" }));
		const sns = new SNSClient(moto.client);
		await sns.send(new CreateTopicCommand({ Name: "shop" }));
		const dynamo = new DynamoDBClient(moto.client);
		await dynamo.send(new CreateTableCommand(tableSpec("messages")));
		for (const client of [ses, sns, dynamo]) client.destroy();
	}, installWithinMs);

	afterAll(() => {
		for (const name of Object.keys(credentials)) delete process.env[name];
	});

	it("that falls silent is given up by each client, and asked again", async () => {
		const clients = await awsClients(proxy.url);
		for (const send of Object.values(clients)) await send();
		// Moto closes each connection after its response, so new ones are silent too.
		proxy.mode = "stall";
		const names = Object.keys(clients);
		const outcomes = await Promise.all(names.map(name => outcomeOf(clients[name]!())));
		expect(Object.fromEntries(names.map((name, n) => [name, outcomes[n]]))).toEqual(
			Object.fromEntries(names.map(name => [name, "failed"]))
		);
		proxy.silence();
		proxy.mode = "pass";
		for (const send of Object.values(clients)) await send();
	}, 60_000);

	it("that takes no connection is given up by each client", async () => {
		const server = await startUnaccepting();
		closers.push(() => server.stop());
		const clients = await awsClients(`http://127.0.0.1:${server.port}`);
		for (const outcome of await Promise.all(Object.values(clients).map(send => outcomeOf(send()))))
			expect(outcome).toBe("failed");
	}, 60_000);
});
