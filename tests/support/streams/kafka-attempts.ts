import { inspect } from "node:util";
import {
	AclOperationTypes,
	AclPermissionTypes,
	AclResourceTypes,
	ConfigResourceTypes,
	ResourcePatternTypes,
	type AclEntry,
	type Admin,
	type Kafka
} from "kafkajs";
import { dlqTopicOf, topics } from "../../../streams/messages/topics.ts";

/** What a user of Kafka tries, who may or may not do so. */

/** kafkajs finds no coordinator of a group that it has no right on. */
const refused = /authoriz|group coordinator/i;

export async function outcomeOf(attempt: () => Promise<unknown>): Promise<"done" | "refused"> {
	try {
		await attempt();
		return "done";
	} catch (error) {
		if (refused.test(inspect(error, { depth: 5 }))) return "refused";
		throw error;
	}
}

/** Resolves with the first sign of life. */
async function consume(
	client: Kafka,
	groupId: string,
	topic: string,
	sign: "consumer.fetch" | "consumer.group_join"
) {
	const consumer = client.consumer({ groupId, maxWaitTimeInMs: 200 });
	const ended = Promise.withResolvers<void>();
	consumer.on("consumer.crash", ({ payload }) => ended.reject(payload.error));
	consumer.on(sign, () => ended.resolve());
	try {
		await consumer.connect();
		await consumer.subscribe({ topics: [topic], fromBeginning: true });
		await consumer.run({ eachBatch: async () => undefined });
		await ended.promise;
	} finally {
		await consumer.disconnect();
	}
}

export const joinGroup = (client: Kafka, group: string, topic: string) =>
	consume(client, group, topic, "consumer.group_join");

export const readTopic = (client: Kafka, group: string, topic: string) =>
	consume(client, group, topic, "consumer.fetch");

const alterRetention = (admin: Admin, name: string) =>
	admin.alterConfigs({
		validateOnly: true,
		resources: [
			{
				type: ConfigResourceTypes.TOPIC,
				name,
				configEntries: [{ name: "retention.ms", value: "3600000" }]
			}
		]
	});

const entry: AclEntry = {
	principal: "User:flink",
	host: "192.0.2.1",
	operation: AclOperationTypes.READ,
	permissionType: AclPermissionTypes.ALLOW,
	resourceType: AclResourceTypes.TOPIC,
	resourceName: topics.orders,
	resourcePatternType: ResourcePatternTypes.LITERAL
};

/** Without it, no order reaches the log. */
export const writesOrders: AclEntry = {
	...entry,
	principal: "User:order",
	host: "*",
	operation: AclOperationTypes.WRITE
};

/** Lets everyone join groups whose names begin so: to read a topic takes a group. */
export const openGroups = (admin: Admin, prefix: string) =>
	admin.createAcls({
		acl: [
			{
				...entry,
				principal: "User:*",
				host: "*",
				resourceType: AclResourceTypes.GROUP,
				resourceName: prefix,
				resourcePatternType: ResourcePatternTypes.PREFIXED
			}
		]
	});

/** What is for the administrator alone. Each does no harm where it is allowed. */
export const changes = (admin: Admin): [what: string, attempt: () => Promise<unknown>][] => [
	["rights", () => admin.createAcls({ acl: [entry] })],
	["retention", () => alterRetention(admin, topics.late)],
	["positions of groups", () => alterRetention(admin, "__consumer_offsets")],
	[
		"records",
		() =>
			admin.deleteTopicRecords({ topic: topics.late, partitions: [{ partition: 0, offset: "0" }] })
	],
	["a topic", () => admin.deleteTopics({ topics: [dlqTopicOf(topics.late)] })]
];
