import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { referencesIn } from "./references.rules.ts";
import type { State } from "../test-report.ts";

/**
 * What names what in production. After an intended change `TERRAFORM_REFERENCES=write` and this test write the lines again: each line
 * of the difference is to be read.
 */
const file = join(import.meta.dirname, "../expected/references.txt");

const linesOf = (state: State) =>
	Object.entries(referencesIn(state)).map(([from, to]) => `${from} → ${to}`);

/** Another value, and the line that is then there. */
const planted: readonly [address: string, argument: string, value: unknown, line: string][] = [
	[
		'module.vpc.aws_route_table_association.public["eu-central-1a"]',
		"route_table_id",
		"of the private subnets",
		"vpc.aws_route_table_association.public[a] route_table_id → vpc.aws_route_table.private[*]"
	],
	[
		'module.rds.aws_vpc_security_group_ingress_rule.clients["cluster"]',
		"security_group_id",
		"sg-entry",
		"rds.aws_vpc_security_group_ingress_rule.clients[cluster] security_group_id → alb.aws_security_group.this"
	],
	[
		'module.alb.aws_route53_record.validation["shop.example"]',
		"records",
		["_mocked.shop.example."],
		"alb.aws_route53_record.validation[*] records/* → alb.aws_acm_certificate.this.domain_validation_options/0/resource_record_name"
	],
	[
		"module.eks.aws_eks_node_group.this",
		"node_role_arn",
		"arn:aws:iam::123456789012:role/cluster",
		"eks.aws_eks_node_group.this node_role_arn → eks.aws_iam_role.cluster"
	]
];

export function referenceTests(production: () => State): void {
	const expected = () => readFileSync(file, "utf8").trim().split("\n");

	it("name the resources that they should", () => {
		const lines = linesOf(production());
		if (process.env.TERRAFORM_REFERENCES === "write") writeFileSync(file, `${lines.join("\n")}\n`);
		expect(lines).toEqual(expected());
	});

	it.each(planted)("%s with another %s is reported", (address, argument, value, line) => {
		const state = structuredClone(production());
		const idOf = (one: string) => state.resources.find(({ address: at }) => at === one)!.values.id;
		const changed = state.resources.find(one => one.address === address)!;
		changed.values[argument] =
			value === "of the private subnets"
				? idOf('module.vpc.aws_route_table.private["eu-central-1a"]')
				: value;
		expect(linesOf(state).filter(one => !expected().includes(one))).toContain(line);
	});

	it("an output with another value is reported", () => {
		const state = structuredClone(production());
		state.outputs.owner_secret_arn!.value = state.outputs.image_repository!.value;
		expect(linesOf(state)).toContain(
			"output.owner_secret_arn → ecr.aws_ecr_repository.this.repository_url"
		);
	});
}
