import type { StateResource } from "./test-report.ts";

/** What of a resource has to be what of another one: without this, a mocked state hides that two are mixed up. */

/** Address, and the path to a value; texts with JSON are read, and an element of a list is found by its index or its Sid. */
type Place = readonly [address: string, path: string];

const isJson = (value: unknown): value is string =>
	typeof value === "string" && /^[[{]/.test(value);

function member(value: unknown, name: string): unknown {
	const read: unknown = isJson(value) ? JSON.parse(value) : value;
	if (Array.isArray(read) && !/^\d+$/.test(name))
		return (read as { Sid?: string }[]).find(({ Sid }) => Sid === name);
	return (read as Record<string, unknown> | undefined)?.[name];
}

/** A value within an object, by its path with slashes. */
export const valueIn = (values: unknown, path: string): unknown =>
	path.split("/").reduce(member, values);

/** @throws Error where there is no such resource */
export function valueAt(resources: readonly StateResource[], [address, path]: Place): unknown {
	const found = resources.find(
		({ address: at }) => at === (address.startsWith("aws_") ? address : `module.${address}`)
	);
	if (!found) throw new Error(`There is no ${address}`);
	return valueIn(found.values, path);
}

const one = (address: string) => `${address}["notification"]`;
const queue = (name: string) => one(`lambda.aws_sqs_queue.${name}`);
const queues = ["requests", "failed"].flatMap((name): [Place, Place][] => [
	[
		[`lambda.aws_sqs_queue_policy.this["${name}"]`, "queue_url"],
		[queue(name), "id"]
	],
	[
		[`lambda.aws_sqs_queue_policy.this["${name}"]`, "policy/Statement/0/Resource"],
		[queue(name), "arn"]
	],
	[
		[
			`lambda.aws_sqs_queue_policy.this["${name}"]`,
			"policy/Statement/0/Condition/ArnEquals/aws:SourceArn"
		],
		[one("lambda.aws_cloudwatch_event_rule.this"), "arn"]
	]
]);
const target = (name: string) => one(`lambda.aws_cloudwatch_event_target.${name}`);
const made = one("lambda.aws_lambda_function.this");
const rights = one("lambda.aws_iam_role_policy.function");
const alarm = (name: string) => one(`lambda.aws_cloudwatch_metric_alarm.${name}`);

const ofFunction: readonly [from: Place, to: Place][] = [
	...queues,
	[
		[target("this"), "arn"],
		[queue("requests"), "arn"]
	],
	[
		[target("this"), "rule"],
		[one("lambda.aws_cloudwatch_event_rule.this"), "name"]
	],
	[
		[target("this"), "dead_letter_config/0/arn"],
		[queue("failed"), "arn"]
	],
	[
		[target("due"), "arn"],
		[made, "arn"]
	],
	[
		[target("due"), "rule"],
		[one("lambda.aws_cloudwatch_event_rule.due"), "name"]
	],
	[
		[one("lambda.aws_lambda_permission.events"), "source_arn"],
		[one("lambda.aws_cloudwatch_event_rule.due"), "arn"]
	],
	[
		[queue("requests"), "redrive_policy/deadLetterTargetArn"],
		[queue("failed"), "arn"]
	],
	[
		[
			one("lambda.aws_sqs_queue_redrive_allow_policy.failed"),
			"redrive_allow_policy/sourceQueueArns/0"
		],
		[queue("requests"), "arn"]
	],
	[
		[one("lambda.aws_lambda_event_source_mapping.queue"), "event_source_arn"],
		[queue("requests"), "arn"]
	],
	[
		[made, "environment/0/variables/DEAD_LETTER_QUEUE_URL"],
		[queue("failed"), "url"]
	],
	[
		[made, "role"],
		[one("lambda.aws_iam_role.function"), "arn"]
	],
	[
		[made, "vpc_config/0/security_group_ids/0"],
		[one("lambda.aws_security_group.this"), "id"]
	],
	[
		[rights, "policy/Statement/ReadRequests/Resource/0"],
		[queue("requests"), "arn"]
	],
	[
		[rights, "policy/Statement/KeepDeadLetters/Resource/0"],
		[queue("failed"), "arn"]
	],
	[
		[rights, "policy/Statement/DecryptSecrets/Resource/0"],
		['aws_kms_key.this["secrets"]', "arn"]
	],
	[
		[alarm("queue_age"), "dimensions/QueueName"],
		[queue("requests"), "name"]
	],
	[
		[alarm("failed"), "dimensions/QueueName"],
		[queue("failed"), "name"]
	],
	[
		[alarm("duration"), "dimensions/FunctionName"],
		[made, "function_name"]
	]
];

const zones = ["a", "b", "c"].map(zone => `["eu-central-1${zone}"]`);
const cluster: Place = ["eks.aws_eks_cluster.this", "vpc_config/0/cluster_security_group_id"];

const ofNetwork: readonly [from: Place, to: Place][] = [
	...zones.flatMap((zone): [Place, Place][] => [
		[
			[`vpc.aws_route.to_nat${zone}`, "nat_gateway_id"],
			[`vpc.aws_nat_gateway.this${zone}`, "id"]
		],
		[
			[`vpc.aws_route.to_nat${zone}`, "route_table_id"],
			[`vpc.aws_route_table.private${zone}`, "id"]
		],
		[
			[`vpc.aws_route_table_association.private${zone}`, "route_table_id"],
			[`vpc.aws_route_table.private${zone}`, "id"]
		],
		[
			[`vpc.aws_route_table_association.database${zone}`, "route_table_id"],
			["vpc.aws_route_table.database", "id"]
		]
	]),
	[
		["vpc.aws_flow_log.this", "iam_role_arn"],
		["vpc.aws_iam_role.flows", "arn"]
	],
	[
		["vpc.aws_flow_log.this", "log_destination"],
		["vpc.aws_cloudwatch_log_group.flows", "arn"]
	],
	[
		['rds.aws_vpc_security_group_ingress_rule.clients["cluster"]', "referenced_security_group_id"],
		cluster
	],
	[
		['rds.aws_vpc_security_group_ingress_rule.clients["function"]', "referenced_security_group_id"],
		[one("lambda.aws_security_group.this"), "id"]
	],
	[
		["rds.aws_db_instance.this", "vpc_security_group_ids/0"],
		["rds.aws_security_group.this", "id"]
	],
	[
		['msk.aws_vpc_security_group_ingress_rule.scram["cluster"]', "referenced_security_group_id"],
		cluster
	],
	...["ingress", "egress"].map((way): [Place, Place] => [
		[`msk.aws_vpc_security_group_${way}_rule.iam`, "referenced_security_group_id"],
		["msk.aws_security_group.this", "id"]
	]),
	[
		["msk.aws_msk_cluster.this", "broker_node_group_info/0/security_groups/0"],
		["msk.aws_security_group.this", "id"]
	],
	[
		["vpn[0].aws_vpc_security_group_ingress_rule.kafka", "security_group_id"],
		["msk.aws_security_group.this", "id"]
	]
];

const ofRoles: readonly [from: Place, to: Place][] = [
	[
		["eks.aws_eks_cluster.this", "role_arn"],
		["eks.aws_iam_role.cluster", "arn"]
	],
	[
		["eks.aws_eks_node_group.this", "node_role_arn"],
		["eks.aws_iam_role.machine", "arn"]
	],
	[
		["rds.aws_db_instance.this", "monitoring_role_arn"],
		["rds.aws_iam_role.monitoring", "arn"]
	],
	...["notification", "external-secrets", "load-balancer-controller", "cluster-autoscaler"].map(
		(name): [Place, Place] => [
			[`eks.aws_eks_pod_identity_association.this["${name}"]`, "role_arn"],
			[`eks.aws_iam_role.pod["${name}"]`, "arn"]
		]
	)
];

const alarms: Place = ["observability.aws_sns_topic.alarms", "arn"];

const ofOthers: readonly [from: Place, to: Place][] = [
	...["cluster", "data", "logs", "messages", "secrets"].map((key): [Place, Place] => [
		[`aws_kms_alias.this["${key}"]`, "target_key_id"],
		[`aws_kms_key.this["${key}"]`, "key_id"]
	]),
	[
		["msk.aws_msk_cluster.this", "configuration_info/0/arn"],
		["msk.aws_msk_configuration.this", "arn"]
	],
	[
		["msk.aws_msk_cluster.this", "logging_info/0/broker_logs/0/cloudwatch_logs/0/log_group"],
		["msk.aws_cloudwatch_log_group.brokers", "name"]
	],
	[
		["alb.aws_wafv2_web_acl_logging_configuration.this", "resource_arn"],
		["alb.aws_wafv2_web_acl.this", "arn"]
	],
	[
		["alb.aws_wafv2_web_acl_logging_configuration.this", "log_destination_configs/0"],
		["alb.aws_cloudwatch_log_group.firewall", "arn"]
	],
	[
		['observability.aws_sns_topic_subscription.people["operators@shop.example"]', "topic_arn"],
		alarms
	],
	[["observability.aws_db_event_subscription.database", "sns_topic"], alarms],
	[
		["observability.aws_db_event_subscription.database", "source_ids/0"],
		["rds.aws_db_instance.this", "identifier"]
	],
	[
		["rds.aws_db_instance.this", "parameter_group_name"],
		["rds.aws_db_parameter_group.this", "name"]
	],
	[
		["rds.aws_db_instance.this", "db_subnet_group_name"],
		["rds.aws_db_subnet_group.this", "name"]
	],
	[
		["eks.aws_eks_node_group.this", "launch_template/0/id"],
		["eks.aws_launch_template.machine", "id"]
	]
];

export const wires = [...ofFunction, ...ofNetwork, ...ofRoles, ...ofOthers];

/** Places whose value is not that of the other one. */
export const wiringFaults = (resources: readonly StateResource[], table = wires): string[] =>
	table.flatMap(([from, to]) => {
		const [is, wanted] = [valueAt(resources, from), valueAt(resources, to)];
		return wanted !== undefined && is === wanted
			? []
			: [`${from.join(" ")} is not ${to.join(" ")}: ${JSON.stringify(is)}`];
	});
