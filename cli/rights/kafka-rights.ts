import { engineTopic } from "../../services/analytics/ownership/engine-log.ts";
import type { Operation, Right } from "../../streams/kafka/access-list.ts";
import { dlqTopicOf, topics } from "../../streams/messages/topics.ts";

/**
 * What each user of Kafka may do, and no more (docs/decisions/0048). A user has the name of its service; `flink` is the job of
 * analytics/flink-job, and `administrator` a person, who alone changes rights, passwords and topics.
 */

interface Uses {
	/** Topics; a reader may see where they begin and end too. */
	reads?: readonly string[];
	writes?: readonly string[];
	groups?: readonly string[];
	/** Groups that are made and deleted again. */
	ownGroups?: readonly string[];
}

const { orders, windows, late, notifications } = topics;
const deadLetters = [orders, notifications].map(dlqTopicOf);

/** All that nodes make when they start. */
const ofNodes = Object.values(topics).flatMap(name => [name, dlqTopicOf(name)]);
const allTopics = [...ofNodes, engineTopic.name];

const nodes: Readonly<Record<string, Uses>> = {
	product: { writes: [notifications] },
	order: { writes: [orders] },
	notification: {
		reads: [orders, notifications],
		writes: deadLetters,
		groups: ["notification"]
	},
	analytics: {
		// The windows are read by a handover, which signs in as analytics.
		reads: [orders, windows, engineTopic.name],
		writes: [windows, late, dlqTopicOf(orders), engineTopic.name],
		groups: ["analytics"],
		ownGroups: [`${engineTopic.name}-`, "reader-"]
	},
	webhook: {
		reads: [orders, notifications],
		writes: [notifications, ...deadLetters],
		groups: ["webhook"]
	}
};

const flink: Uses = {
	reads: [orders, windows, engineTopic.name],
	writes: [windows, late, engineTopic.name],
	groups: ["analytics-flink"]
};

function ofUses(user: string, { reads = [], writes = [], groups = [], ownGroups = [] }: Uses) {
	const right = (operation: Operation, on: Right["on"]) => (name: string) => ({
		user,
		operation,
		on,
		name
	});
	return [
		...reads.map(right("Read", "topic")),
		...writes.map(right("Write", "topic")),
		...groups.map(right("Read", "group")),
		...ownGroups.flatMap(name =>
			(["Read", "Delete"] as const).map(operation => ({
				...right(operation, "group")(name),
				isPrefix: true
			}))
		)
	];
}

/** Nodes look which topics are missing, and make them, whichever of them starts first. */
const makes = (user: string, names: readonly string[]): Right[] =>
	names.flatMap(name =>
		(["Describe", "Create"] as const).map(operation => ({ user, operation, on: "topic", name }))
	);

/** Its user has to be there before its rights are: then it alone may change them. */
export const administrator = "administrator";
/** Rights, passwords of users, and to see them. */
const onCluster: readonly Operation[] = ["Alter", "Describe"];

/** Kafka's own: who may write to them moves the positions of every group. Its brokers need no right. */
const internalTopics = ["__consumer_offsets", "__transaction_state"];

const allGroups = [...Object.values(nodes), flink].flatMap(({ groups = [], ownGroups = [] }) => [
	...groups.map(name => ({ name })),
	...ownGroups.map(name => ({ name, isPrefix: true }))
]);

/** Those of the administrator are the first: they have to be there before the others close the cluster. */
export const kafkaRights: readonly Right[] = [
	...onCluster.map((operation): Right => ({
		user: administrator,
		operation,
		on: "cluster",
		name: "kafka-cluster"
	})),
	...[...allTopics, ...internalTopics].map((name): Right => ({
		user: administrator,
		operation: "All",
		on: "topic",
		name
	})),
	...allGroups.map((group): Right => ({
		user: administrator,
		operation: "All",
		on: "group",
		...group
	})),
	...Object.keys(nodes).flatMap(user => makes(user, ofNodes)),
	...makes("analytics", [engineTopic.name]),
	...makes("flink", [engineTopic.name]),
	...Object.entries(nodes).flatMap(([user, uses]): Right[] => ofUses(user, uses)),
	...ofUses("flink", flink),
	// A start of the job, and a handover to it, ask how long the log keeps orders.
	...["flink", "analytics"].map((user): Right => ({
		user,
		operation: "DescribeConfigs",
		on: "topic",
		name: orders
	}))
];
