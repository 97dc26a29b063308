import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";
import { SESClient, VerifyDomainIdentityCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { readEnvironment } from "../../../config/read-environment.ts";
import { toConfig, useConfig } from "../../../config/index.ts";
import type { Database } from "../../../db/database.ts";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { Channel, Refused } from "../../../services/notification/channel.ts";
import { Dispatcher } from "../../../services/notification/dispatch/dispatcher.ts";
import { openStore } from "../../../services/notification/storage/store.factory.ts";
import { openChannels } from "../../../services/notification/channels/channel.factory.ts";
import type { MailboxStore } from "../../../services/notification/channels/mailbox-store.ts";
import { dispatch, shop } from "../../support/notification/sample-dispatch.ts";
import { describeWith } from "../../support/describe-with.ts";
import { startMoto, type Moto } from "../../support/servers/moto.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { message } from "../../support/notification/tracking.conformance.ts";
import { until } from "../../support/until.ts";

type Channels = ReadonlyMap<NotificationChannel, Channel>;

const settings = {
	MAIL_DRIVER: "ses",
	MAIL_FROM: "Shop <orders@shop.example>",
	SMS_DRIVER: "sns",
	AWS_REGION: "eu-central-1"
};
// Credentials as the AWS SDK finds them.
const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

const closers: (() => unknown)[] = [];
beforeAll(() => void Object.assign(process.env, credentials));
afterAll(async () => {
	for (const close of closers.reverse()) await close();
	for (const name of Object.keys(credentials)) delete process.env[name];
});

/** The channels of a shop with this configuration, without the mailbox. */
async function channels(AWS_ENDPOINT_URL: string, more: object = {}): Promise<Channels> {
	useConfig(toConfig(readEnvironment({ ...settings, AWS_ENDPOINT_URL, ...more })));
	const onError = (error: Error) => {
		throw error;
	};
	const opened = await openChannels({ onError }, undefined as unknown as MailboxStore);
	for (const channel of opened.values()) closers.push(() => channel.close());
	return opened;
}

async function serve(listener: RequestListener): Promise<string> {
	const server: Server = createServer(listener).listen(0, "127.0.0.1");
	await until(() => server.listening);
	closers.push(
		() => server.closeAllConnections(),
		() => server.close()
	);
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const refusalOf = (sent: Promise<unknown>) =>
	sent.then(
		() => "it was taken",
		(error: Refused) => error.refusal
	);

describeWith("python")("AWS, simulated by moto,", () => {
	let moto: Moto;

	beforeAll(async () => {
		moto = await startMoto();
		closers.push(() => moto.stop());
		const ses = new SESClient(moto.client);
		await ses.send(new VerifyDomainIdentityCommand({ Domain: "shop.example" }));
		ses.destroy();
	}, installWithinMs);

	it("sends mail by SES as it was composed", async () => {
		const message = dispatch();
		const email = (await channels(moto.client.endpoint)).get("email")!;
		const { providerId } = await email.send(message);
		const { RawMessage } = (await moto.data("ses")) as Record<string, Record<string, string>[]>;
		const sent = RawMessage!.find(({ id }) => id === providerId)!;
		expect(sent.source).toBe("orders@shop.example");
		expect(sent.raw_data).toContain(`Message-ID: <${message.id}@shop.example>`);
		expect(sent.raw_data).toMatch(/^Subject: =\?UTF-8\?Q\?Ihre_Bestellung/m);
		expect(sent.raw_data).toContain("multipart/alternative");
	});

	it("refuses an invalid phone number permanently", async () => {
		const sms = (await channels(moto.client.endpoint)).get("sms")!;
		const refusal = await refusalOf(sms.send(dispatch({ to: "no number" })));
		expect(refusal).toMatchObject({ kind: "permanent" });
	});

	it("sends text messages by SNS", async () => {
		const message = dispatch({ to: "+4915112345678" });
		const sms = (await channels(moto.client.endpoint)).get("sms")!;
		const { providerId } = await sms.send(message);
		const { SMS } = (await moto.data("sns")) as Record<string, Record<string, string>[]>;
		expect(SMS!.find(sent => sent.message_id === providerId)).toMatchObject({
			phone_number: "+4915112345678",
			message: expect.stringMatching(/^Shop & Co: Ihre Bestellung .* https:\S+$/)
		});
	});

	it("publishes events to a topic's subscribers", async () => {
		const requests: Record<string, unknown>[] = [];
		const subscriber = await serve((req, res) => {
			void json(req).then(body => {
				requests.push(body as Record<string, unknown>);
				res.end();
			});
		});
		const sns = new SNSClient(moto.client);
		const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "shop" }));
		const to = { Protocol: "http", Endpoint: subscriber };
		await sns.send(new SubscribeCommand({ TopicArn, ...to }));
		sns.destroy();
		const opened = await channels(moto.client.endpoint, { SNS_TOPIC_ARN: TopicArn });
		const message = dispatch();
		await opened.get("sns_topic")!.send(message);
		const notification = await until(() => requests.find(({ Type }) => Type === "Notification"));
		expect(JSON.parse(notification.Message as string)).toEqual({
			id: message.id,
			event_id: message.eventId,
			...message.fact
		});
	});

	it("gets no request for a channel that is not configured", async () => {
		const opened = await channels(moto.client.endpoint, { SMS_DRIVER: "none" });
		expect([...opened.keys()]).toEqual(["email"]);
	});
});

describe("a failing AWS", () => {
	const error = (code: string) =>
		`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`;

	it("is called once, and again after its Retry-After", async () => {
		let asked = 0;
		const endpoint = await serve(async (req, res) => {
			asked++;
			await text(req);
			res.writeHead(400, { "retry-after": "3", "content-type": "text/xml" });
			res.end(error("Throttling"));
		});
		const email = (await channels(endpoint)).get("email")!;
		await expect(refusalOf(email.send(dispatch()))).resolves.toEqual({
			kind: "throttled",
			reason: "Throttling: m",
			retryAfterMs: 3000
		});
		expect(asked).toBe(1);
	});

	it("is called again later when it fails or cannot be reached", async () => {
		const broken = await serve((_, res) => void res.writeHead(503).end());
		for (const endpoint of [broken, "http://127.0.0.1:1"])
			for (const channel of (await channels(endpoint)).values())
				await expect(refusalOf(channel.send(dispatch()))).resolves.toMatchObject({
					kind: "temporary"
				});
	});

	it("has a time limit", async () => {
		const endpoint = await serve(() => undefined);
		const email = (await channels(endpoint)).get("email")!;
		await expect(refusalOf(email.send(dispatch()))).resolves.toMatchObject({ kind: "temporary" });
	}, 60_000);

	it.each([
		["never answers", () => undefined],
		[
			"stops in the middle of its response",
			(_, res) => void res.writeHead(200, { "content-length": 99 }).write("{")
		]
	] satisfies [string, RequestListener][])(
		"has a time limit as a store that %s",
		async (_, listener) => {
			const AWS_ENDPOINT_URL = await serve(listener);
			const kept = { NOTIFICATION_STORE: "dynamodb", NOTIFICATION_TABLE: "messages" };
			useConfig(toConfig(readEnvironment({ ...settings, ...kept, AWS_ENDPOINT_URL })));
			const store = await openStore(undefined as unknown as Database);
			const planned = message();
			const onError = jest.fn();
			const dispatcher = new Dispatcher({
				store,
				shop,
				channels: new Map(),
				contacts: async () => [],
				everyMs: 1,
				chance: () => 1,
				onError
			});
			dispatcher.start();
			const asked = await Promise.allSettled([
				store.plan([planned]),
				store.claim("email", 1, 1),
				store.claimOne(planned.id, 1),
				store.get(planned.id),
				store.list(undefined, undefined, 1),
				store.resend(planned.id)
			]);
			expect(asked.map(({ status }) => status)).toEqual(asked.map(() => "rejected"));
			await dispatcher.stop();
			expect(onError).toHaveBeenCalled();
		},
		30_000
	);
});
