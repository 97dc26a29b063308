import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SESClient, VerifyDomainIdentityCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import type { Refused } from "../../../services/notification/channel.ts";
import { SmtpChannel } from "../../../services/notification/channels/smtp.channel.ts";
import { within } from "../../../lib/retry.ts";
import {
	awsCredentials,
	openAwsClients,
	type AwsClients
} from "../../support/notification/aws-clients.ts";
import { errorOf } from "../../support/expect-failure.ts";
import { dispatch } from "../../support/notification/sample-dispatch.ts";
import { describeWith } from "../../support/describe-with.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import { startMailServer } from "../../support/servers/mail-server.ts";
import { startMoto, type Moto } from "../../support/servers/moto.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { startUnaccepting } from "../../support/servers/unaccepting.ts";

/** Providers of messages whose connections are silent and are never reset. */

const onError = (error: Error) => {
	throw error;
};
const closers: (() => unknown)[] = [];
afterAll(async () => {
	for (const close of closers.reverse()) await close();
});

/** Longer than the longest limit of a channel. */
const withinMs = 25_000;

/** Why it was not sent, which names the limit that ended the wait. */
const outcomeOf = (sent: Promise<unknown>): Promise<string | undefined> =>
	within(
		withinMs,
		sent.then(
			() => "sent",
			({ message }: Error) => message
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
		// After the limit of silence they go over new connections, before the limit of a message ends all.
		expect(await Promise.all(many().map(outcomeOf))).toContain("sent");
		await Promise.all(many());
	}, 60_000);

	it.each([
		{ name: "takes no connection", stall: false, reason: "Connection timeout" },
		{
			name: "takes a connection and says nothing",
			stall: true,
			reason: "Greeting never received"
		}
	])(
		"that $name is given up",
		async ({ stall, reason }) => {
			const server = await startUnaccepting();
			const proxy = await Proxy.open(`tcp://127.0.0.1:${server.port}`);
			closers.push(
				() => server.stop(),
				() => proxy.close()
			);
			const channel = smtp(stall ? proxy.port : server.port);
			const error = await within(withinMs, errorOf(channel.send(dispatch())));
			expect((error as Refused).refusal).toEqual({ kind: "temporary", reason });
		},
		60_000
	);
});

describeWith("python")("AWS", () => {
	let moto: Moto;
	let proxy: Proxy;

	async function opened(endpoint: string): Promise<AwsClients["requests"]> {
		const { requests, close } = await openAwsClients(endpoint);
		closers.push(close);
		return requests;
	}

	/** Why the request of each client failed. */
	async function outcomesOf(requests: AwsClients["requests"]): Promise<[string, unknown][]> {
		const names = Object.keys(requests);
		return Promise.all(
			names.map(async (name): Promise<[string, unknown]> => [
				name,
				await outcomeOf(requests[name]!())
			])
		);
	}

	beforeAll(async () => {
		Object.assign(process.env, awsCredentials);
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
		for (const name of Object.keys(awsCredentials)) delete process.env[name];
	});

	it("that falls silent is given up by each client, and asked again", async () => {
		const clients = await opened(proxy.url);
		for (const send of Object.values(clients)) await send();
		// Moto closes each connection after its response, so new ones are silent too.
		proxy.mode = "stall";
		for (const outcome of await outcomesOf(clients))
			expect(outcome).toEqual([outcome[0], expect.stringContaining("10000 ms")]);
		proxy.silence();
		proxy.mode = "pass";
		for (const send of Object.values(clients)) await send();
	}, 60_000);

	it("that takes no connection is given up by each client", async () => {
		const server = await startUnaccepting();
		closers.push(() => server.stop());
		const clients = await opened(`http://127.0.0.1:${server.port}`);
		// The end of a sentence of the SDK about connections.
		for (const outcome of await outcomesOf(clients))
			expect(outcome).toEqual([outcome[0], expect.stringMatching(/ connection .* 3000 ms/)]);
	}, 60_000);
});
