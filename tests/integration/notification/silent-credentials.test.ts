import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SESClient, VerifyDomainIdentityCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { within } from "../../../lib/retry.ts";
import { describeWith } from "../../support/describe-with.ts";
import { openAwsClients } from "../../support/notification/aws-clients.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import { startMoto, type Moto } from "../../support/servers/moto.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** Sources of AWS credentials that take a connection and say nothing. */

/** Longer than the time limit of a request to AWS (10 s), for a busy machine. */
const withinMs = 20_000;

const keys = { AccessKeyId: "ASIATEST", SecretAccessKey: "s", Expiration: "2100-01-01T00:00:00Z" };
const element = ([name, value]: [string, string]) => `<${name}>${value}</${name}>`;
const assumed = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
${Object.entries({ ...keys, SessionToken: "t" })
	.map(element)
	.join("")}
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

let server: Server;
let isSilent = false;
let moto: Moto;
const closers: (() => unknown)[] = [];

function answer(url: string, response: ServerResponse): void {
	if (isSilent) return;
	const isContainer = url === "/container";
	response.setHeader("Content-Type", isContainer ? "application/json" : "text/xml");
	response.end(isContainer ? JSON.stringify({ ...keys, Token: "t" }) : assumed);
}

describeWith("python")("a source of AWS credentials", () => {
	let set: string[] = [];

	beforeAll(async () => {
		server = createServer(({ url }, response) => answer(url!, response)).listen(0, "127.0.0.1");
		await once(server, "listening");
		moto = await startMoto();
		closers.push(
			() => moto.stop(),
			() => server.closeAllConnections(),
			() => server.close()
		);
		const [ses, sns] = [new SESClient(moto.client), new SNSClient(moto.client)];
		const dynamo = new DynamoDBClient(moto.client);
		await ses.send(new VerifyDomainIdentityCommand({ Domain: "shop.example" }));
		await sns.send(new CreateTopicCommand({ Name: "shop" }));
		await dynamo.send(new CreateTableCommand(tableSpec("messages")));
		for (const client of [ses, sns, dynamo]) client.destroy();
	}, installWithinMs);

	afterEach(() => {
		for (const name of set) delete process.env[name];
	});
	afterAll(async () => {
		for (const close of closers.reverse()) await close();
	});

	const sources = {
		"STS, for a token of Kubernetes,": (url: string) => {
			const tokenFile = join(temporaryFolder(), "token");
			writeFileSync(tokenFile, "header.payload.signature");
			return {
				AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
				AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/shop",
				AWS_ENDPOINT_URL_STS: url
			};
		},
		"the endpoint of a container": (url: string) => ({
			AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`
		})
	};

	it.each(Object.entries(sources))(
		"%s that is silent is given up by each client, and asked again",
		async (_, environment) => {
			const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
			const variables = environment(url);
			set = Object.keys(variables);
			Object.assign(process.env, variables);
			const { requests, close } = await openAwsClients(moto.client.endpoint);
			closers.push(close);
			isSilent = true;
			const settled = Object.entries(requests).map(async ([name, send]) => {
				const outcome = send().then(
					() => "answered",
					({ name: kind, message }: Error) =>
						/10000 ms/.test(message) ? "given up" : `${kind}: ${message}`
				);
				return [name, await within(withinMs, outcome)];
			});
			const outcomes = Object.fromEntries(await Promise.all(settled));
			isSilent = false;
			const names = Object.keys(requests);
			expect(outcomes).toEqual(Object.fromEntries(names.map(name => [name, "given up"])));
			for (const send of Object.values(requests)) await send();
		},
		90_000
	);
});
