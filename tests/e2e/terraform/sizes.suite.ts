import { blocksOf } from "../../../scripts/terraform/hcl-blocks.ts";
import { parametersIn } from "../../terraform/parameter-group.ts";
import { linesOf, read } from "./places.rules.ts";
import { copyFaults, sizesOf } from "./sizes.rules.ts";
import { sizes, type Environment } from "./expected/sizes.table.ts";
import type { State } from "./test-report.ts";

const environments = Object.keys(sizes) as Environment[];

/** Another size: the environment, the end of an address, the argument, and another value. */
const planted: readonly [Environment, address: string, argument: string, value: unknown][] = [
	["dev", "eks.aws_eks_node_group.this", "capacity_type", "ON_DEMAND"],
	["dev", "dynamodb.aws_dynamodb_table.notifications", "billing_mode", "PROVISIONED"],
	["dev", 'aws_kms_key.this["data"]', "deletion_window_in_days", 30],
	["staging", "rds.aws_db_instance.this", "multi_az", true],
	["staging", "rds.aws_db_instance.this", "instance_class", "db.m7g.large"],
	["staging", "msk.aws_appautoscaling_target.storage", "max_capacity", 4000],
	["staging", 's3.aws_s3_bucket.this["backups"]', "force_destroy", true],
	["staging", "eks.aws_cloudwatch_log_group.control_plane", "retention_in_days", 90],
	["production", "rds.aws_db_instance.this", "backup_retention_period", 7],
	["production", "msk.aws_msk_cluster.this", "number_of_broker_nodes", 2],
	["dev", "msk.aws_msk_configuration.this", "server_properties", "log.retention.hours=24"],
	["production", 'vpc.aws_nat_gateway.this["eu-central-1c"]', "", undefined],
	["production", 'secrets.aws_secretsmanager_secret.shop["order"]', "recovery_window_in_days", 0]
];

/** A property of Kafka, and the value that it has instead. */
const plantedCopies: readonly [property: string, value: string][] = [
	["default.replication.factor", "2"],
	["min.insync.replicas", "3"],
	["offsets.topic.replication.factor", "1"],
	["transaction.state.log.min.isr", "1"],
	["transaction.state.log.replication.factor", "4"]
];

/** The same state, with another value in one resource, or without it. */
function changed(state: State, address: string, argument: string, value: unknown): State {
	const copy = structuredClone(state);
	const found = copy.resources.find(one => one.address.replace(/^module\./, "") === address);
	if (!found) throw new Error(`There is no ${address}`);
	if (argument === "") copy.resources.splice(copy.resources.indexOf(found), 1);
	else found.values[argument] = value;
	return copy;
}

/** States are there when the tests run, not when they are listed. */
export function sizeTests(stateOf: (environment: Environment) => State): void {
	it("has sizes for each environment that there is", () => {
		const file = "terraform/aws/variables.tf";
		const { blocks } = blocksOf(read(file), file).find(({ name }) => name === "environment")!;
		const known = [...blocks[0]!.values.condition!.matchAll(/"(\w+)"/g)].map(([, name]) => name);
		expect(environments).toEqual(known);
	});

	it.each(environments)("%s has its sizes", environment => {
		expect(sizesOf(stateOf(environment))).toEqual(sizes[environment]);
	});

	it.each(planted)("%s with another %s %s is reported", (environment, ...change) => {
		expect(sizesOf(changed(stateOf(environment), ...change))).not.toEqual(sizes[environment]);
	});

	it.each(environments)("%s keeps as many copies of events as it has brokers", environment => {
		expect(copyFaults(stateOf(environment))).toEqual([]);
	});

	it.each(plantedCopies)("%s of %s is reported", (property, value) => {
		const at = "msk.aws_msk_configuration.this";
		const text = Object.entries({ ...sizes.production.brokers.properties, [property]: value })
			.map(line => line.join("="))
			.join("\n");
		const state = changed(stateOf("production"), at, "server_properties", text);
		expect(sizesOf(state)).not.toEqual(sizes.production);
		expect(copyFaults(state)).toContain(`${property} is ${value} of 3`);
	});

	it("topics that the nodes make have as many copies as those of Kafka itself", () => {
		expect(linesOf(read("k8s/base/settings.env")).KAFKA_REPLICATION).toBe(
			sizes.production.brokers.properties["default.replication.factor"]
		);
	});

	it.each(environments)(
		"%s has the parameter group on which the product's statements are tested",
		environment => {
			const [group] = stateOf(environment).resources.filter(
				({ type }) => type === "aws_db_parameter_group"
			);
			const tested = parametersIn(
				read("terraform/aws/modules/rds/main.tf"),
				sizes[environment].database.connections
			);
			const byName = (one: { name: string }, other: { name: string }) =>
				one.name < other.name ? -1 : 1;
			expect((group!.values.parameter as typeof tested).toSorted(byName)).toEqual(
				tested.toSorted(byName)
			);
		}
	);
}
