import type { State } from "./test-report.ts";

/** What an environment has, on the resources themselves. It stands here once more, so that another size is a decision. */
export const sizes = {
	dev: {
		machines: { types: ["t3.large", "t3a.large"], kind: "SPOT", min: 2, max: 4 },
		database: { class: "db.t4g.small", zones: false, gib: [20, 50], connections: "210", days: 1 },
		brokers: { type: "kafka.t3.small", gib: 10 },
		nat: 1,
		endpoints: 0,
		logDays: [7],
		isProtected: false,
		leavesSnapshot: false,
		budget: "500"
	},
	production: {
		machines: { types: ["m7i.large", "m6i.large"], kind: "ON_DEMAND", min: 3, max: 9 },
		database: {
			class: "db.m7g.large",
			zones: true,
			gib: [100, 1000],
			connections: "400",
			days: 35
		},
		brokers: { type: "kafka.m7g.large", gib: 100 },
		nat: 3,
		endpoints: 5,
		logDays: [90],
		isProtected: true,
		leavesSnapshot: true,
		budget: "2000"
	}
};

interface Brokers {
	instance_type: string;
	storage_info: [{ ebs_storage_info: [{ volume_size: number }] }];
}

export function sizesOf({ resources }: State): (typeof sizes)["dev"] {
	const all = (type: string) =>
		resources.filter(one => one.type === type).map(({ values }) => values);
	const [machines] = all("aws_eks_node_group");
	const [{ min_size: min, max_size: max }] = machines!.scaling_config as [Record<string, number>];
	const [database] = all("aws_db_instance");
	const parameters = all("aws_db_parameter_group")[0]!.parameter as Record<string, string>[];
	const [brokers] = all("aws_msk_cluster")[0]!.broker_node_group_info as [Brokers];
	return {
		machines: {
			types: machines!.instance_types as string[],
			kind: String(machines!.capacity_type),
			min: min!,
			max: max!
		},
		database: {
			class: String(database!.instance_class),
			zones: database!.multi_az as boolean,
			gib: [Number(database!.allocated_storage), Number(database!.max_allocated_storage)],
			connections: parameters.find(({ name }) => name === "max_connections")!.value!,
			days: Number(database!.backup_retention_period)
		},
		brokers: {
			type: brokers.instance_type,
			gib: brokers.storage_info[0].ebs_storage_info[0].volume_size
		},
		nat: all("aws_nat_gateway").length,
		endpoints: all("aws_vpc_endpoint").filter(one => one.vpc_endpoint_type === "Interface").length,
		logDays: [
			...new Set(all("aws_cloudwatch_log_group").map(one => Number(one.retention_in_days)))
		],
		isProtected: database!.deletion_protection as boolean,
		leavesSnapshot: !database!.skip_final_snapshot,
		budget: String(all("aws_budgets_budget")[0]!.limit_amount)
	};
}
