import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { BatchResponse } from "../../../lambda/sources/source-batch.ts";
import { serviceUrl } from "../../../db/database.ts";
import { bundleFunction } from "../../../scripts/lambda-bundle.ts";
import { derivedId } from "../../../lib/id.ts";
import { deliveryConformance, messageOf } from "../../support/notification/delivery.conformance.ts";
import {
	startDeliveryEnvironment,
	type DeliveryEnvironment
} from "../../support/notification/delivery-environment.ts";
import { describeWith } from "../../support/describe-with.ts";
import { startFunction, type FunctionProcess } from "../../support/lambda/function-process.ts";
import {
	busEvent,
	mskEvent,
	scheduleEvent,
	sqsEvent,
	type TopicMessage
} from "../../support/lambda/source-events.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { until } from "../../support/until.ts";
import { installWithinMs } from "../../support/python-venv.ts";

/** The function as it is deployed, in a process of its own, with recorded forms of events. */
describeWith("python")("the notification function", () => {
	let shop: DeliveryEnvironment;
	let lambda: FunctionProcess;
	let queue: string;
	let settings: Record<string, string>;
	let zip: Uint8Array;

	beforeAll(async () => {
		const [bundle, started] = await Promise.all([bundleFunction(), startDeliveryEnvironment()]);
		shop = started;
		zip = bundle.zip;
		const { NATS_URL, DATABASE_URL, ...environment } = shop.environment;
		queue = await shop.aws.newQueue("dead-letters");
		const secrets = new SecretsManagerClient(shop.aws.moto.client);
		const bus = new URL(NATS_URL!);
		const members = {
			NATS_PASSWORD: bus.password,
			"ca.crt": shop.authority,
			NOTIFICATION_DATABASE_URL: serviceUrl(DATABASE_URL!, "notification")
		};
		bus.password = "";
		const Name = "shop/notification";
		await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(members) }));
		secrets.destroy();
		settings = {
			...environment,
			NATS_URL: bus.href,
			SECRET_IDS: Name,
			DEAD_LETTER_QUEUE_URL: queue
		};
		lambda = await startFunction(zip, settings);
	}, installWithinMs);
	afterAll(async () => {
		await lambda?.stop();
		await shop?.stop();
	}, 60_000);

	async function deadLettered(): Promise<string[]> {
		const messages = await shop.aws.drain(queue);
		return messages.map(({ MessageAttributes }) => MessageAttributes!["dlq-reason"]!.StringValue!);
	}

	const sources: [
		name: string,
		invoke: (messages: readonly TopicMessage[]) => Promise<BatchResponse>
	][] = [
		["MSK", messages => lambda.invoke(mskEvent(messages))],
		["SQS", messages => lambda.invoke(sqsEvent(messages.map(({ value }) => String(value))))],
		[
			"EventBridge",
			async messages => {
				const batchItemFailures: BatchResponse["batchItemFailures"] = [];
				for (const { value } of messages)
					await lambda
						.invoke(busEvent(detailOf(String(value))))
						.catch(() => batchItemFailures.push({ itemIdentifier: "event" }));
				return { batchItemFailures };
			}
		]
	];

	it("keeps no connection for the next invocation", async () => {
		const event = buildOrderEvent();
		await lambda.invoke(mskEvent([messageOf(event)]));
		expect(await shop.aws.store.get(derivedId(event.id, "email"))).toMatchObject({ state: "sent" });
		expect(await until(() => shop.nodesOnBus().length === 0, 10_000)).toBe(true);
		const sessions =
			"select 1 from pg_stat_activity where application_name = 'shop notification function'";
		expect(await until(async () => (await shop.database.rows(sessions)).length === 0, 10_000)).toBe(
			true
		);
	});

	it("puts a message that is no event into the queue as it was, with its place in Kafka", async () => {
		await lambda.invoke(
			mskEvent([{ topic: "orders", key: "k", value: Buffer.from([0xff, 0]) }], 41)
		);
		const [message] = await shop.aws.drain(queue);
		expect(JSON.parse(message!.Body!)).toEqual({ key: "k", value: "/wA=", bytes: 2 });
		const attributes = Object.entries(message!.MessageAttributes!);
		expect(
			Object.fromEntries(attributes.map(([name, { StringValue }]) => [name, StringValue]))
		).toEqual({
			"dlq-group": "notification",
			"dlq-reason": "not-json",
			"dlq-detail": expect.stringMatching(/JSON/),
			"dlq-attempts": "1",
			"dlq-topic": "orders",
			"dlq-partition": "0",
			"dlq-offset": "41"
		});
	});

	it("leaves out a value that the queue would not take", async () => {
		const value = Buffer.alloc(1_500_000, "{");
		const { batchItemFailures } = await lambda.invoke(
			mskEvent([{ topic: "orders", key: "k", value }])
		);
		expect(batchItemFailures).toEqual([]);
		const [message] = await shop.aws.drain(queue);
		expect(JSON.parse(message!.Body!)).toEqual({ key: "k", value: null, bytes: 1_500_000 });
		expect(message!.MessageAttributes!["dlq-reason"]!.StringValue).toBe("too-large");
	});

	it.each<[what: string, changes: Record<string, string>, words: RegExp]>([
		["a secret that is not there", { SECRET_IDS: "shop/none" }, /can't find the specified secret/],
		[
			"a secret that is no object",
			{ SECRET_IDS: "shop/text" },
			/^The secret shop\/text is no JSON object$/
		],
		[
			"no queue of dead letters",
			{ DEAD_LETTER_QUEUE_URL: "" },
			/^DEAD_LETTER_QUEUE_URL: must be set$/
		],
		["a setting of another form", { MAIL_DRIVER: "pigeon" }, /MAIL_DRIVER: "pigeon" must be/]
	])("says so with %s", async (_, changes, words) => {
		const secrets = new SecretsManagerClient(shop.aws.moto.client);
		const SecretString = "not shown";
		await secrets
			.send(new CreateSecretCommand({ Name: "shop/text", SecretString }))
			.catch(() => undefined);
		secrets.destroy();
		const broken = await startFunction(zip, { ...settings, ...changes });
		try {
			const error = await broken.invoke(scheduleEvent()).catch((failed: Error) => failed.message);
			expect(error).toMatch(words);
			expect(`${String(error)} ${broken.output()}`).not.toContain(SecretString);
		} finally {
			await broken.stop();
		}
	});

	it("reads its secrets again after a failure", async () => {
		const secrets = new SecretsManagerClient(shop.aws.moto.client);
		const late = await startFunction(zip, { ...settings, SECRET_IDS: "shop/late" });
		try {
			await expect(late.invoke(scheduleEvent())).rejects.toThrow("secret");
			const { NATS_URL, DATABASE_URL } = shop.environment;
			const members = { NATS_URL, DATABASE_URL, "ca.crt": shop.authority };
			const SecretString = JSON.stringify(members);
			await secrets.send(new CreateSecretCommand({ Name: "shop/late", SecretString }));
			await expect(late.invoke(scheduleEvent())).resolves.toEqual({ batchItemFailures: [] });
		} finally {
			secrets.destroy();
			await late.stop();
		}
	});

	for (const [name, invoke] of sources)
		deliveryConformance(`a function that ${name} invokes`, () => ({
			aws: shop.aws,
			database: shop.database,
			keeps: true,
			offerContacts: isOffered => shop.offerContacts(isOffered),
			deliver: async messages => (await invoke(messages)).batchItemFailures.length,
			sendDue: async () => void (await lambda.invoke(scheduleEvent())),
			deadLettered
		}));

	it("writes neither customers nor what events hold into its log", () => {
		expect(lambda.output()).toMatch(/kafka: 1 records, 0 failed/);
		expect(lambda.output()).not.toMatch(/@shop\.test|user-[0-9a-f]|partitionkey|secret/i);
		// An event of Kafka holds them as base64.
		expect(lambda.output()).not.toMatch(/"(records|body|detail|value)\\?":/i);
	});
});

/** A bus carries objects; a text that is none is the detail itself. */
function detailOf(value: string): unknown {
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}
