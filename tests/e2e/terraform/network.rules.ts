import type { StateResource } from "./test-report.ts";
import { valueIn } from "./connections/wiring.rules.ts";

/** Who reaches what by which port, and the ways out of the subnets. Which group is meant is among the wires. */
const doors: Readonly<Record<string, number>> = {
	'rds.aws_vpc_security_group_ingress_rule.clients["cluster"]': 5432,
	'rds.aws_vpc_security_group_ingress_rule.clients["function"]': 5432,
	'msk.aws_vpc_security_group_ingress_rule.scram["cluster"]': 9096,
	"msk.aws_vpc_security_group_ingress_rule.iam": 9098,
	"vpn[0].aws_vpc_security_group_ingress_rule.kafka": 9096,
	"vpc.aws_vpc_security_group_ingress_rule.endpoints": 443,
	'alb.aws_vpc_security_group_ingress_rule.customers["http"]': 80,
	'alb.aws_vpc_security_group_ingress_rule.customers["https"]': 443
};

/** Ways out of a security group: rule → protocol, port and where it leads. */
const exits: Readonly<Record<string, string>> = {
	"alb.aws_vpc_security_group_egress_rule.gateways": "tcp 8080 10.0.32.0/19",
	'lambda.aws_vpc_security_group_egress_rule.this["bus"]': "tcp 4222 10.0.32.0/19",
	'lambda.aws_vpc_security_group_egress_rule.this["https"]': "tcp 443 0.0.0.0/0",
	'lambda.aws_vpc_security_group_egress_rule.this["postgres"]': "tcp 5432 10.0.64.0/20",
	"msk.aws_vpc_security_group_egress_rule.aws": "tcp 443 0.0.0.0/0",
	"msk.aws_vpc_security_group_egress_rule.iam": "tcp 9098 sg-kafka"
};

/** Where a thing with addresses lies: type, path to its subnets, and their kind, as the mocks name them. */
const homes: readonly [type: string, path: string, kind: string][] = [
	["aws_db_subnet_group", "subnet_ids", "database"],
	["aws_eks_cluster", "vpc_config/0/subnet_ids", "private"],
	["aws_eks_node_group", "subnet_ids", "private"],
	["aws_lambda_function", "vpc_config/0/subnet_ids", "private"],
	["aws_msk_cluster", "broker_node_group_info/0/client_subnets", "private"],
	["aws_nat_gateway", "subnet_id", "public"]
];

const shortOf = (address: string) => address.replace(/^module\./, "");

function doorFaults(resources: readonly StateResource[]): string[] {
	const open = resources.filter(({ type }) => type === "aws_vpc_security_group_ingress_rule");
	const missing = Object.keys(doors).filter(
		door => !open.some(({ address }) => shortOf(address) === door)
	);
	const other = open.filter(({ address, values }) => {
		const port = doors[shortOf(address)];
		return values.from_port !== port || values.to_port !== port || values.ip_protocol !== "tcp";
	});
	return [
		...missing.map(door => `${door}: is not there`),
		...other.map(({ address, values }) => `${address}: is port ${String(values.to_port)}`)
	];
}

function exitFaults(resources: readonly StateResource[]): string[] {
	const open = resources.filter(({ type }) => type === "aws_vpc_security_group_egress_rule");
	const missing = Object.keys(exits).filter(
		exit => !open.some(({ address }) => shortOf(address) === exit)
	);
	return [
		...missing.map(exit => `${exit}: is not there`),
		...open.flatMap(({ address, values }) => {
			const { ip_protocol, from_port, to_port, cidr_ipv4, referenced_security_group_id } = values;
			const ports = from_port === to_port ? from_port : `${String(from_port)}-${String(to_port)}`;
			const leads = [ip_protocol, ports, cidr_ipv4 ?? referenced_security_group_id].join(" ");
			return exits[shortOf(address)] === leads ? [] : [`${address}: leads to ${leads}`];
		})
	];
}

function homeFaults(resources: readonly StateResource[]): string[] {
	const interfaces = resources
		.filter(one => one.values.vpc_endpoint_type === "Interface")
		.map(one => [one, "subnet_ids", "private"] as const);
	const found = homes.flatMap(([type, path, kind]) =>
		resources.filter(one => one.type === type).map(one => [one, path, kind] as const)
	);
	return [...found, ...interfaces].flatMap(([{ address, values }, path, kind]) => {
		const subnets = [valueIn(values, path) as string | string[]].flat();
		const isHome = subnets.length > 0 && subnets.every(id => id.startsWith(`subnet-${kind}-`));
		return isHome ? [] : [`${address}: lies in ${subnets.join(" ")}`];
	});
}

/** Private subnets reach the internet by NAT, and S3 and DynamoDB directly; those of the database reach nothing. */
function routeFaults(resources: readonly StateResource[]): string[] {
	const tables = resources
		.filter(({ address }) => address.startsWith("module.vpc.aws_route_table.private["))
		.map(({ values }) => values.id)
		.sort();
	return resources.flatMap(({ address, type, values }) => {
		if (type === "aws_route" && values.destination_cidr_block !== "0.0.0.0/0")
			return [`${address}: leads to ${String(values.destination_cidr_block)}`];
		if (type !== "aws_vpc_endpoint" || values.vpc_endpoint_type !== "Gateway") return [];
		const own = (values.route_table_ids as string[]).toSorted();
		return own.join() === tables.join() ? [] : [`${address}: is not in each private table`];
	});
}

export const networkFaults = (resources: readonly StateResource[]): string[] => [
	...doorFaults(resources),
	...exitFaults(resources),
	...homeFaults(resources),
	...routeFaults(resources)
];

interface Firewall {
	address: string;
	values: { direction: string; priority: number | null; deny: unknown[]; disabled: boolean | null };
}

/** The first rule that fits decides, and of two with one priority the one that denies. A rule without a priority has 1000. */
const priorityOf = ({ values }: Firewall) => values.priority ?? 1000;

/** On Google Cloud, what is denied is what no other rule of its direction allows. */
export function firewallFaults(resources: readonly StateResource[]): string[] {
	const all = resources.filter(
		({ type }) => type === "google_compute_firewall"
	) as unknown as Firewall[];
	const denies = all.filter(({ values }) => values.deny.length > 0);
	return [
		...all
			.filter(({ values }) => values.disabled)
			.map(({ address }) => `${address}: is not in force`),
		...denies.flatMap(deny =>
			all
				.filter(other => !denies.includes(other))
				.filter(({ values }) => values.direction === deny.values.direction)
				.filter(allow => priorityOf(allow) >= priorityOf(deny))
				.map(({ address }) => `${deny.address}: denies what ${address} allows`)
		)
	];
}
