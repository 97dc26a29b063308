import type { StateResource } from "./test-report.ts";

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
	...routeFaults(resources)
];
