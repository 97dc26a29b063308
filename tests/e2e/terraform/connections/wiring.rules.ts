import type { StateResource } from "../test-report.ts";

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

/** References by a name; those by an id or an ARN are in expected/references.txt. */
export const wires: readonly [from: Place, to: Place][] = [
	[
		[one("lambda.aws_cloudwatch_event_target.this"), "rule"],
		[one("lambda.aws_cloudwatch_event_rule.this"), "name"]
	],
	[
		[one("lambda.aws_cloudwatch_event_target.due"), "rule"],
		[one("lambda.aws_cloudwatch_event_rule.due"), "name"]
	],
	[
		[one("lambda.aws_cloudwatch_metric_alarm.queue_age"), "dimensions/QueueName"],
		[one("lambda.aws_sqs_queue.requests"), "name"]
	],
	[
		[one("lambda.aws_cloudwatch_metric_alarm.failed"), "dimensions/QueueName"],
		[one("lambda.aws_sqs_queue.failed"), "name"]
	],
	[
		[one("lambda.aws_cloudwatch_metric_alarm.duration"), "dimensions/FunctionName"],
		[one("lambda.aws_lambda_function.this"), "function_name"]
	],
	[
		["msk.aws_msk_cluster.this", "logging_info/0/broker_logs/0/cloudwatch_logs/0/log_group"],
		["msk.aws_cloudwatch_log_group.brokers", "name"]
	],
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
	]
];

/** Places whose value is not that of the other one. */
export const wiringFaults = (resources: readonly StateResource[], table = wires): string[] =>
	table.flatMap(([from, to]) => {
		const [is, wanted] = [valueAt(resources, from), valueAt(resources, to)];
		return wanted !== undefined && is === wanted
			? []
			: [`${from.join(" ")} is not ${to.join(" ")}: ${JSON.stringify(is)}`];
	});
