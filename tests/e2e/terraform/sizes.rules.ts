import type { Sizes } from "./expected/sizes.table.ts";
import type { State, StateResource } from "./test-report.ts";
import { valueIn } from "./connections/wiring.rules.ts";

/** Reads the sizes of an environment off its rendered resources. */

type Values = StateResource["values"];
type Read = (type: string) => Values[];

const distinct = <T>(values: T[]): T[] => [...new Set(values)];

function databaseOf(all: Read): Sizes["database"] {
	const database = all("aws_db_instance")[0]!;
	const parameters = all("aws_db_parameter_group")[0]!.parameter as Record<string, string>[];
	return {
		class: String(database.instance_class),
		hasStandby: database.multi_az as boolean,
		gib: [Number(database.allocated_storage), Number(database.max_allocated_storage)],
		connections: parameters.find(({ name }) => name === "max_connections")!.value!,
		backupDays: Number(database.backup_retention_period),
		dropsBackups: database.delete_automated_backups as boolean,
		leavesSnapshot: !database.skip_final_snapshot,
		isProtected: database.deletion_protection as boolean
	};
}

function machinesOf(all: Read): Sizes["machines"] {
	const group = all("aws_eks_node_group")[0]!;
	const disk = valueIn(all("aws_launch_template")[0], "block_device_mappings/0/ebs/0/volume_size");
	return {
		types: group.instance_types as string[],
		kind: String(group.capacity_type),
		min: Number(valueIn(group, "scaling_config/0/min_size")),
		max: Number(valueIn(group, "scaling_config/0/max_size")),
		diskGib: Number(disk)
	};
}

/** Lines of `server_properties`. */
const propertiesOf = (all: Read): Record<string, string> =>
	Object.fromEntries(
		String(all("aws_msk_configuration")[0]!.server_properties)
			.split("\n")
			.map(line => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
	);

function brokersOf(all: Read): Sizes["brokers"] {
	const cluster = all("aws_msk_cluster")[0]!;
	const storage = "broker_node_group_info/0/storage_info/0/ebs_storage_info/0/volume_size";
	return {
		count: Number(cluster.number_of_broker_nodes),
		type: String(valueIn(cluster, "broker_node_group_info/0/instance_type")),
		gib: Number(valueIn(cluster, storage)),
		mostGib: Number(all("aws_appautoscaling_target")[0]!.max_capacity),
		properties: propertiesOf(all)
	};
}

function networkOf(all: Read): Sizes["network"] {
	const own = all("aws_vpc_endpoint").filter(one => one.vpc_endpoint_type === "Interface");
	return {
		subnets: all("aws_subnet").length,
		nat: all("aws_nat_gateway").length,
		// com.amazonaws.eu-central-1.ecr.api
		endpoints: own.map(one => String(one.service_name).split(".").slice(3).join(".")).sort()
	};
}

function bucketsOf({ resources }: State): Sizes["buckets"] {
	const of = (type: string) => resources.filter(one => one.type === type);
	const nameOf = ({ address }: StateResource) => /\["(\w+)"\]$/.exec(address)![1]!;
	return Object.fromEntries(
		of("aws_s3_bucket_lifecycle_configuration").map(one => {
			const bucket = of("aws_s3_bucket").find(other => nameOf(other) === nameOf(one))!;
			const oldDays = valueIn(one.values, "rule/0/noncurrent_version_expiration/0/noncurrent_days");
			const allDays = valueIn(one.values, "rule/0/expiration/0/days");
			return [
				nameOf(one),
				{
					oldDays: Number(oldDays),
					allDays: allDays === undefined ? null : Number(allDays),
					isProtected: !bucket.values.force_destroy
				}
			];
		})
	);
}

const readOf =
	({ resources }: State): Read =>
	type =>
		resources.filter(one => one.type === type).map(one => one.values);

/** Number of copies of a topic → in how many of them an event has to be before its producer goes on. */
const copies = {
	"default.replication.factor": "min.insync.replicas",
	"offsets.topic.replication.factor": "min.insync.replicas",
	"transaction.state.log.replication.factor": "transaction.state.log.min.isr"
};

/** Three copies on as many brokers, and one broker may be away: https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html */
export function copyFaults(state: State): string[] {
	const { count, properties } = brokersOf(readOf(state));
	const wanted = Math.min(3, count);
	const is = (name: string, number: number) =>
		Number(properties[name]) === number ? [] : [`${name} is ${properties[name]} of ${count}`];
	return Object.entries(copies).flatMap(([all, fewest]) => [
		...is(all, wanted),
		...is(fewest, wanted - 1)
	]);
}

export function sizesOf(state: State): Sizes {
	const all = readOf(state);
	const one = (type: string) => all(type)[0]!;
	const daysOf = (type: string, argument: string) =>
		distinct(all(type).map(values => Number(values[argument])));
	const table = one("aws_dynamodb_table");
	const cluster = one("aws_eks_cluster");
	return {
		machines: machinesOf(all),
		database: databaseOf(all),
		brokers: brokersOf(all),
		network: networkOf(all),
		table: {
			billing: String(table.billing_mode),
			isRecoverable: valueIn(table, "point_in_time_recovery/0/enabled") as boolean,
			isProtected: table.deletion_protection_enabled as boolean
		},
		buckets: bucketsOf(state),
		images: {
			kept: Number(
				valueIn(one("aws_ecr_lifecycle_policy"), "policy/rules/1/selection/countNumber")
			),
			isProtected: !one("aws_ecr_repository").force_delete
		},
		cluster: {
			support: String(valueIn(cluster, "upgrade_policy/0/support_type")),
			isProtected: cluster.deletion_protection as boolean
		},
		logDays: daysOf("aws_cloudwatch_log_group", "retention_in_days"),
		restoreDays: {
			keys: daysOf("aws_kms_key", "deletion_window_in_days"),
			// That of Flink, who comes and goes, is gone at once: otherwise its name would be taken.
			secrets: distinct(
				state.resources
					.filter(({ type }) => type === "aws_secretsmanager_secret")
					.filter(({ address }) => !/\.kafka\["(administrator|flink)"\]$/.test(address))
					.map(({ values }) => Number(values.recovery_window_in_days))
			)
		},
		requests: Number(
			valueIn(one("aws_wafv2_web_acl"), "rule/0/statement/0/rate_based_statement/0/limit")
		),
		budgetUsd: String(one("aws_budgets_budget").limit_amount)
	};
}
