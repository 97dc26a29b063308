import { allowedActions, rolePolicies, statementsOf, type Statement } from "./policies.rules.ts";
import type { Statements } from "./expected/statements.table.ts";
import type { StateResource } from "./test-report.ts";

/** Who is let in where: services of AWS that take a role or use a key, a queue, a topic or a secret. */

/** End of a role's address → who takes it, and how. Pod Identity tags its sessions. */
export const trusted: Readonly<Record<string, string>> = {
	"eks.aws_iam_role.cluster": "eks.amazonaws.com sts:AssumeRole",
	"eks.aws_iam_role.machine": "ec2.amazonaws.com sts:AssumeRole",
	'eks.aws_iam_role.pod["cluster-autoscaler"]':
		"pods.eks.amazonaws.com sts:AssumeRole sts:TagSession",
	'eks.aws_iam_role.pod["external-secrets"]':
		"pods.eks.amazonaws.com sts:AssumeRole sts:TagSession",
	'eks.aws_iam_role.pod["load-balancer-controller"]':
		"pods.eks.amazonaws.com sts:AssumeRole sts:TagSession",
	'eks.aws_iam_role.pod["notification"]': "pods.eks.amazonaws.com sts:AssumeRole sts:TagSession",
	'lambda.aws_iam_role.function["notification"]': "lambda.amazonaws.com sts:AssumeRole",
	"rds.aws_iam_role.monitoring": "monitoring.rds.amazonaws.com sts:AssumeRole",
	"vpc.aws_iam_role.flows": "vpc-flow-logs.amazonaws.com sts:AssumeRole"
};

const kafkaUsers = [
	"administrator",
	"analytics",
	"flink",
	"notification",
	"order",
	"product",
	"webhook"
];

/** Key, queue, topic, bucket or secret → services that its policy lets in, each with what it may do. */
export const letIn: Readonly<Record<string, string[]>> = {
	'aws_kms_key.this["logs"]': [
		"logs.eu-central-1.amazonaws.com kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo"
	],
	'aws_kms_key.this["messages"]': [
		"budgets.amazonaws.com",
		"cloudwatch.amazonaws.com",
		"events.amazonaws.com",
		"events.rds.amazonaws.com"
	].map(service => `${service} kms:Decrypt kms:GenerateDataKey`),
	'lambda.aws_sqs_queue_policy.this["failed"]': ["events.amazonaws.com sqs:SendMessage"],
	'lambda.aws_sqs_queue_policy.this["requests"]': ["events.amazonaws.com sqs:SendMessage"],
	...Object.fromEntries(
		kafkaUsers.map(user => [
			`msk.aws_secretsmanager_secret_policy.kafka["${user}"]`,
			["kafka.amazonaws.com secretsmanager:GetSecretValue"]
		])
	),
	"observability.aws_sns_topic_policy.alarms": [
		"budgets.amazonaws.com",
		"cloudwatch.amazonaws.com",
		"events.rds.amazonaws.com"
	].map(service => `${service} sns:Publish`),
	's3.aws_s3_bucket_policy.this["logs"]': [
		"logdelivery.elasticloadbalancing.amazonaws.com s3:PutObject",
		"logging.s3.amazonaws.com s3:PutObject"
	]
};

/** Policies of AWS itself that a role has: images are pulled with the third one. */
export const attached: Readonly<Record<string, string[]>> = {
	"eks.aws_iam_role_policy_attachment.cluster": ["AmazonEKSClusterPolicy"],
	"eks.aws_iam_role_policy_attachment.machine": [
		"AmazonEC2ContainerRegistryPullOnly",
		"AmazonEKSWorkerNodePolicy",
		"AmazonEKS_CNI_Policy"
	],
	"rds.aws_iam_role_policy_attachment.monitoring": ["service-role/AmazonRDSEnhancedMonitoringRole"]
};

const shortOf = (address: string) => address.replace(/^module\./, "");

/** Services of a policy, each with its actions. */
const servicesOf = (policy: string): string[] =>
	statementsOf(policy)
		.flatMap(({ Effect, Principal, Action }) => {
			if (Effect === "Deny" || Principal === "*") return [];
			const actions = [Action].flat().toSorted();
			return [Principal?.Service ?? []].flat().map(service => [service, ...actions].join(" "));
		})
		.sort();

const byAddress = (
	resources: readonly StateResource[],
	type: RegExp,
	argument: string
): Record<string, string[]> =>
	Object.fromEntries(
		resources
			.filter(one => type.test(one.type))
			.map(one => [shortOf(one.address), servicesOf(String(one.values[argument]))] as const)
			.filter(([, services]) => services.length > 0)
	);

export const trustOf = (resources: readonly StateResource[]): Record<string, string> =>
	Object.fromEntries(
		Object.entries(byAddress(resources, /^aws_iam_role$/, "assume_role_policy")).map(
			([address, services]) => [address, services.join(", ")]
		)
	);

export const letInBy = (resources: readonly StateResource[]) =>
	byAddress(
		resources,
		/^aws_(kms_key|sns_topic_policy|sqs_queue_policy|secretsmanager_secret_policy|s3_bucket_policy)$/,
		"policy"
	);

export function attachedTo(resources: readonly StateResource[]): Record<string, string[]> {
	const all = resources.filter(({ type }) => type === "aws_iam_role_policy_attachment");
	const grouped = Map.groupBy(all, ({ address }) => shortOf(address).replace(/\[.*/, ""));
	return Object.fromEntries(
		[...grouped].map(([role, ones]) => [
			role,
			ones.map(one => String(one.values.policy_arn).split(":policy/")[1]!).sort()
		])
	);
}

/** ARNs without partition, region, account, the name of the environment and the id of a cluster. */
const shortArn = (arn: string) =>
	arn
		.replace(/^arn:aws:/, "")
		.replace(/:eu-central-1:123456789012/, "")
		.replace("::123456789012", "")
		.replaceAll("moleculer-commerce-production", "<name>")
		.replace(/[0-9a-f]{8}(-[0-9a-f]+){5}/, "<id>");

/** `StringEquals aws:SourceAccount 123456789012`, with a comma between two. */
const conditionOf = (condition: Record<string, Record<string, string>> = {}) =>
	Object.entries(condition)
		.flatMap(([operator, tests]) =>
			Object.entries(tests).map(([key, value]) =>
				[operator, shortArn(key), shortArn(value)].join(" ")
			)
		)
		.sort()
		.join(", ");

const resourcesOf = ({ Resource, NotResource }: Statement) =>
	[NotResource ? "not" : [], Resource ?? NotResource ?? []].flat().map(shortArn).join(" ");

/** Address → each statement of its policy, by its Sid or its place: what it is about, and under which condition. */
export const statementsIn = (resources: readonly StateResource[]): Record<string, Statements> =>
	Object.fromEntries(
		resources.flatMap(({ address, values }) => {
			const policy = [values.policy, values.assume_role_policy].find(
				one => typeof one === "string" && one.includes('"Statement"')
			);
			if (policy === undefined) return [];
			const rows = statementsOf(policy as string).map((one, index) => [
				one.Sid ?? String(index),
				[resourcesOf(one), conditionOf(one.Condition)]
			]);
			return [[shortOf(address), Object.fromEntries(rows)]];
		})
	);

/** Who uses the cluster, with which policy and where. */
export const clusterAccess = (resources: readonly StateResource[]): string[] =>
	resources
		.filter(({ type }) => type === "aws_eks_access_policy_association")
		.map(({ values }) =>
			[
				values.principal_arn,
				String(values.policy_arn).split("/").at(-1),
				(values.access_scope as { type: string }[])[0]!.type
			].join(" ")
		);

/** Actions of roles that are not the notification service's own, by service. */
export const rightsIn = (resources: readonly StateResource[]) =>
	Object.fromEntries(
		rolePolicies(resources)
			.filter(([address]) => !/\.(pod\["notification"|messages\[)/.test(address))
			.map(([address, policy]) => {
				const byService = Map.groupBy(allowedActions(policy), action => action.split(":")[0]!);
				const rows = [...byService].map(([service, actions]) => [
					service,
					actions.map(action => action.split(":")[1]).join(" ")
				]);
				return [shortOf(address), rows];
			})
	);
