import { kafkaRights } from "../../../cli/rights/kafka-rights.ts";
import { roleOf, schemas } from "../../../db/database.ts";
import {
	attached,
	attachedTo,
	clusterAccess,
	letIn,
	letInBy,
	rightsIn,
	statementsIn,
	trusted,
	trustOf
} from "./access.rules.ts";
import { accessLogTests } from "./connections/access-logs.suite.ts";
import { agreementFaults, annotationFaults } from "./agreements.rules.ts";
import { alarmFaults, boundFaults } from "./alarms.rules.ts";
import { keyFaults } from "./exposure.rules.ts";
import { networkFaults } from "./network.rules.ts";
import { read } from "./places.rules.ts";
import { referenceTests } from "./connections/references.suite.ts";
import { rightsOf } from "./expected/rights.table.ts";
import { sizeTests } from "./sizes.suite.ts";
import type { Environment } from "./expected/sizes.table.ts";
import { statementsOfAll } from "./expected/statements.table.ts";
import type { State, StateResource } from "./test-report.ts";
import { valueAt, wires, wiringFaults } from "./connections/wiring.rules.ts";

/** What the rendered states must be, resource by resource. States are there when the tests run, not when they are listed. */

type Rules = (resources: readonly StateResource[]) => string[];

/** A resource whose argument has another value: what, its address, the argument, the value, and who reports it. */
const planted: readonly [address: string, argument: string, value: unknown, rules: Rules][] = [
	['lambda.aws_cloudwatch_event_target.this["notification"]', "rule", "another", wiringFaults],
	["rds.aws_db_instance.this", "kms_key_id", "arn:aws:kms:eu-central-1:1:key/logs", keyFaults],
	['rds.aws_cloudwatch_log_group.postgres["upgrade"]', "kms_key_id", "another", keyFaults],
	[
		'observability.aws_cloudwatch_metric_alarm.kafka["kafka-disk-1"]',
		"dimensions",
		{ Cluster: "moleculer-commerce-production" },
		alarmFaults
	],
	[
		'observability.aws_cloudwatch_metric_alarm.database["database-cpu"]',
		"dimensions",
		{ DBInstanceIdentifier: "postgres" },
		alarmFaults
	],
	['lambda.aws_cloudwatch_metric_alarm.failed["notification"]', "alarm_actions", [], alarmFaults],
	['vpc.aws_vpc_endpoint.gateway["s3"]', "route_table_ids", ["one"], networkFaults],
	['rds.aws_vpc_security_group_ingress_rule.clients["function"]', "to_port", 6432, networkFaults],
	['msk.aws_vpc_security_group_ingress_rule.scram["cluster"]', "from_port", 9092, networkFaults],
	['vpc.aws_route.to_nat["eu-central-1b"]', "destination_cidr_block", "10.0.0.0/8", networkFaults],
	["alb.aws_vpc_security_group_egress_rule.gateways", "to_port", 65535, networkFaults],
	["rds.aws_db_subnet_group.this", "subnet_ids", ["subnet-private-a"], networkFaults],
	['vpc.aws_nat_gateway.this["eu-central-1a"]', "subnet_id", "subnet-private-a", networkFaults],
	['vpc.aws_vpc_endpoint.interface["sts"]', "subnet_ids", ["subnet-database-a"], networkFaults],
	[
		'observability.aws_cloudwatch_metric_alarm.database["database-cpu"]',
		"comparison_operator",
		"LessThanThreshold",
		boundFaults
	],
	['lambda.aws_cloudwatch_metric_alarm.function["errors"]', "threshold", 1000, boundFaults],
	[
		'observability.aws_cloudwatch_metric_alarm.nat["nat-ports-eu-central-1a"]',
		"metric_name",
		"Ports",
		boundFaults
	],
	[
		'observability.aws_cloudwatch_metric_alarm.nat["nat-dropped-eu-central-1b"]',
		"treat_missing_data",
		"breaching",
		boundFaults
	],
	[
		'lambda.aws_cloudwatch_metric_alarm.function["errors"]',
		"treat_missing_data",
		null,
		boundFaults
	],
	["eks.aws_eks_node_group.this", "ami_type", "AL2023_ARM_64_STANDARD", agreementFaults],
	["eks.aws_eks_node_group.this", "instance_types", ["m7g.large"], agreementFaults],
	['s3.aws_s3_bucket_logging.this["images"]', "target_bucket", "bucket-images", agreementFaults],
	["observability.aws_budgets_budget.month", "notification", [], agreementFaults],
	["alb.aws_cloudwatch_log_group.firewall", "name", "waf", agreementFaults],
	["rds.aws_db_instance.this", "ca_cert_identifier", "rds-ca-2019", agreementFaults],
	["rds.aws_db_instance.this", "backup_window", "03:00-04:00", agreementFaults],
	['vpn[0].aws_vpn_connection.this["1"]', "static_routes_only", true, agreementFaults],
	['vpn[0].aws_vpn_connection.this["1"]', "tunnel2_phase2_dh_group_numbers", [2], agreementFaults],
	['vpn[0].aws_vpn_connection.this["0"]', "tunnel1_ike_versions", null, agreementFaults],
	['s3.aws_s3_bucket_logging.this["images"]', "target_prefix", "images/", agreementFaults],
	[
		'lambda.aws_sqs_queue.requests["notification"]',
		"visibility_timeout_seconds",
		60,
		agreementFaults
	],
	['alb.aws_route53_record.entry["shop.example"]', "zone_id", "Z215JYRZR1TBD5", agreementFaults],
	['alb.aws_route53_record.entry["shop.example"]', "name", "www.shop.example", agreementFaults],
	['alb.aws_route53_record.validation["shop.example"]', "name", "shop.example", agreementFaults],
	['alb.aws_route53_record.validation["shop.example"]', "records", ["x"], agreementFaults],
	['lambda.aws_route53_record.bus["notification"]', "name", "bus.internal", agreementFaults],
	["alb.aws_acm_certificate.this", "domain_name", "www.shop.example", agreementFaults],
	["eks.aws_eks_node_group.this", "update_config", [{ max_unavailable: 2 }], agreementFaults],
	["alb.aws_acm_certificate.this", "validation_method", "EMAIL", agreementFaults],
	["rds.aws_db_instance.this", "parameter_group_name", "default.postgres18", wiringFaults],
	["observability.aws_db_event_subscription.database", "source_ids", ["another"], wiringFaults]
];

/** Statements of a policy that are changed: its address, a part of its text, and another one. */
const plantedStatements: readonly [address: string, from: string, to: string][] = [
	[
		'eks.aws_iam_role_policy.pod["external-secrets"]',
		"secret:moleculer-commerce/production/*",
		"secret:*"
	],
	['eks.aws_iam_role_policy.pod["notification"]', "/index/*", "/index/due"],
	['eks.aws_iam_role_policy.pod["notification"]', "sns:*:*:*", "sns:*:*:none"],
	[
		'eks.aws_iam_role_policy.pod["load-balancer-controller"]',
		"aws:ResourceTag/elbv2",
		"aws:ResourceTag/other"
	],
	['lambda.aws_iam_role_policy.function["notification"]', "kms:ViaService", "kms:CallerAccount"],
	['s3.aws_s3_bucket_policy.this["logs"]', "aws:SecureTransport", "aws:ViaAWSService"],
	['aws_kms_key.this["logs"]', "logs:eu-central-1:123456789012:*", "logs:eu-central-1:*:*"]
];

/** A log group, or the firewall, with other words in it. */
const plantedTexts: readonly [address: string, from: string, to: string, report: string][] = [
	["eks.aws_cloudwatch_log_group.control_plane", "/aws/eks/", "/eks/", "no log group /aws/eks/"],
	[
		'rds.aws_cloudwatch_log_group.postgres["postgresql"]',
		"/instance/",
		"/",
		"no log group /aws/rds/"
	],
	[
		's3.aws_s3_bucket_server_side_encryption_configuration.this["images"]',
		"key/data",
		"key/logs",
		"has another key"
	],
	['vpn[0].aws_vpn_connection.this["0"]', "169.254.21.4/30", "169.254.21.0/30", "two tunnels"],
	[
		'lambda.aws_lambda_event_source_mapping.kafka["orders"]',
		"notification-orders",
		"notification",
		"no right on"
	],
	["alb.aws_wafv2_web_acl.this", '"block":[{}]', '"block":[]', "rate-limit refuses nothing"],
	["alb.aws_wafv2_web_acl.this", '"none":[{}]', '"none":[]', "IpReputationList refuses nothing"],
	["alb.aws_wafv2_web_acl.this", "SizeRestrictions_BODY", "NoUserAgent_HEADER", "only counts"]
];

const shortOf = (address: string) => address.replace(/^module\./, "");

/** The same resources, with another text in one of them. */
function withText(resources: readonly StateResource[], address: string, from: string, to: string) {
	return resources.map(one => {
		if (shortOf(one.address) !== address) return one;
		const values = JSON.stringify(one.values);
		if (!values.includes(from)) throw new Error(`${address} has no ${from}`);
		return { ...one, values: JSON.parse(values.replace(from, () => to)) as typeof one.values };
	});
}

export function resourceTests(stateOf: (environment: Environment) => State): void {
	const production = () => stateOf("production");
	const resources = () => production().resources;

	it.each([
		["connected as they should be", wiringFaults],
		["encrypted with the key of their kind", keyFaults],
		["watched by alarms that have data and reach people", alarmFaults],
		["watched with the bounds that were decided", boundFaults],
		["in agreement with each other, and with services of AWS", agreementFaults],
		["reached by those who need them only, and reach what they need", networkFaults]
	] as [string, Rules][])("are %s", (_, rules) => {
		expect(rules(resources())).toEqual([]);
	});

	it.each(planted)("%s with another %s is reported", (address, argument, value, rules) => {
		const changed = structuredClone(resources()) as StateResource[];
		const one = changed.find(({ address: at }) => shortOf(at) === address)!;
		one.values[argument] = value;
		expect(rules(changed).join("\n")).toContain(address);
	});

	referenceTests(production);

	accessLogTests(stateOf);

	it("a place that is not there is reported", () => {
		expect(wires.length).toBeGreaterThan(8);
		expect(() => valueAt(resources(), ["rds.aws_db_instance.other", "id"])).toThrow("There is no");
	});

	it("roles are taken by their service only", () => {
		expect(trustOf(resources())).toEqual(trusted);
	});

	it("keys, queues, topics, buckets and secrets let in the services that use them", () => {
		expect(letInBy(resources())).toEqual(letIn);
	});

	it("policies are about what they should be, under their conditions", () => {
		expect(statementsIn(resources())).toEqual(statementsOfAll);
	});

	it.each(plantedStatements)("%s with another %s is reported", (address, from, to) => {
		const changed = withText(resources(), address, from, to);
		expect(statementsIn(changed)[address]).not.toEqual(statementsOfAll[address]);
	});

	it.each(plantedTexts)("%s with another %s is reported", (address, from, to, report) => {
		expect(agreementFaults(withText(resources(), address, from, to)).join()).toContain(report);
	});

	it("the function has no secret of its own, which would differ from that of the nodes", () => {
		const secretsOf = (environment: Environment) =>
			stateOf(environment)
				.resources.filter(({ type }) => /^aws_secretsmanager_secret(_version)?$/.test(type))
				.map(({ address }) => address)
				.filter(address => !address.endsWith('.kafka["flink"]'));
		const has = (environment: Environment) =>
			stateOf(environment).resources.some(({ type }) => type === "aws_lambda_function");
		expect([has("production"), has("staging")]).toEqual([true, false]);
		expect(secretsOf("production")).toEqual(secretsOf("staging"));
	});

	it("users of Kafka are those whose rights the shop sets", () => {
		const users = resources().flatMap(
			({ address }) => /aws_secretsmanager_secret\.kafka\["(\w+)"\]$/.exec(address)?.[1] ?? []
		);
		expect(users.sort()).toEqual([...new Set(kafkaRights.map(({ user }) => user))].sort());
	});

	it("a user of Kafka whom it does not know is reported", () => {
		const lost = 'module.msk.aws_msk_single_scram_secret_association.this["order"]';
		const rest = resources().filter(({ address }) => address !== lost);
		expect(agreementFaults(rest).join()).toMatch(/^users of Kafka are .*,order,.* and it knows/);
	});

	it("people of the cluster are its administrators, everywhere in it", () => {
		expect(clusterAccess(resources())).toEqual([
			"arn:aws:iam::123456789012:role/operators AmazonEKSClusterAdminPolicy cluster"
		]);
	});

	it("annotations of the Ingress name what they should", () => {
		const annotations = production().outputs.ingress_annotations!.value as Record<string, string>;
		expect(annotationFaults(annotations)).toEqual([]);
		const name = "alb.ingress.kubernetes.io/wafv2-acl-arn";
		const other = "alb.ingress.kubernetes.io/certificate-arn";
		expect(annotationFaults({ ...annotations, [name]: annotations[other]! })).toHaveLength(1);
	});

	it("machines, cluster and database have the policies of AWS that they need", () => {
		expect(attachedTo(resources())).toEqual(attached);
	});

	it.each(Object.entries(rightsOf))("%s has its rights, and no more", (address, rights) => {
		expect(rightsIn(resources())[address]).toEqual(rights);
		expect(Object.keys(rightsIn(resources())).toSorted()).toEqual(Object.keys(rightsOf).toSorted());
	});

	sizeTests(stateOf);

	it("every index of the table has whole messages", () => {
		const [table] = resources().filter(({ type }) => type === "aws_dynamodb_table");
		const indexes = table!.values.global_secondary_index as { projection_type: string }[];
		expect(indexes.map(one => one.projection_type)).toEqual(Array(3).fill("ALL"));
	});

	it("the other cloud gets each end of the tunnels as what it is", () => {
		const ends = ["0", "1"].flatMap(key =>
			[1, 2].map(n => {
				const of = (name: string) =>
					valueAt(resources(), [`vpn[0].aws_vpn_connection.this["${key}"]`, `tunnel${n}_${name}`]);
				return {
					outside_address: of("address"),
					inside_address: of("vgw_inside_address"),
					own_address: of("cgw_inside_address"),
					asn: 64512
				};
			})
		);
		expect(production().outputs.vpn_tunnels!.value).toEqual(ends);
	});
}

export function agreementTests(production: () => State): void {
	it("each service signs in to Postgres with the role that the migration makes, and checks the server", () => {
		const text = read("terraform/aws/modules/secrets/main.tf");
		const [, block] = /\n {2}roles = \{\n(.*?)\n {2}\}/s.exec(text)!;
		const roles = Object.fromEntries(
			[...block!.matchAll(/^ +(\w+) += "(\w+)"$/gm)].map(([, service, role]) => [service, role])
		);
		// shop_streams is for an event log without Kafka (config/env.ts), which AWS does not have.
		const services = (Object.keys(schemas) as (keyof typeof schemas)[]).filter(
			one => one !== "stream"
		);
		expect(roles).toEqual(Object.fromEntries(services.map(one => [one, roleOf(one)])));
		expect(text).toContain('@${local.address}?sslmode=verify-full"');
		expect(text.match(/postgres:\/\/\S+?:/g)).toEqual(["postgres://${each.value}:"]);
	});

	/** Values are in no state, so what makes them is read. Member, its expression, and the file. */
	it.each([
		["main", "algorithm", '"ED25519"'],
		["main", "DATABASE_HOST", "local.address"],
		["main", "TOKEN_PUBLIC_KEY", "trimspace(ephemeral.tls_private_key.token.public_key_pem)"],
		[
			"main",
			"TOKEN_PRIVATE_KEY",
			"trimspace(ephemeral.tls_private_key.token.private_key_pem_pkcs8)"
		],
		["main", "NATS_PASSWORD", '"n${ephemeral.random_password.bus[each.key].result}"'],
		["kafka", "username", "each.key"],
		["kafka", "password", "ephemeral.random_password.kafka[each.key].result"],
		["kafka", "secret_id", "aws_secretsmanager_secret.kafka[each.key].id"]
	])("in secrets/%s.tf %s is %s", (file, name, expression) => {
		const text = read(`terraform/aws/modules/secrets/${file}.tf`);
		const found = text.matchAll(new RegExp(`\\b${name} +=>? +(\\S+?),?(?: |$)`, "gm"));
		expect([...new Set([...found].map(([, one]) => one))]).toEqual([expression]);
	});

	/** Resource → the secret that it writes: another one would have its members. */
	it("what is made is written into the secret of its name", () => {
		const text = read("terraform/aws/modules/secrets/main.tf");
		const found = text.matchAll(
			/^resource "aws_secretsmanager_secret_version" "(\w+)" \{\n(?:.*\n)*? +secret_id += (.*)$/gm
		);
		expect(Object.fromEntries([...found].map(([, name, id]) => [name, id]))).toEqual({
			migrate: 'aws_secretsmanager_secret.shop["migrate"].id',
			database: "aws_secretsmanager_secret.shop[each.key].id",
			bus: 'aws_secretsmanager_secret.shop["nats-${each.key}"].id',
			token: 'aws_secretsmanager_secret.shop["token"].id'
		});
	});

	it("the guide says of each secret that Terraform makes empty how it is put, and of no other", () => {
		const put = read("DEPLOYMENT.md").matchAll(/put-secret-value --secret-id (\S+)/g);
		const names = [...put].map(([, name]) => name);
		expect(names.toSorted()).toEqual(
			Object.keys(production().outputs.secrets_to_put!.value as object).toSorted()
		);
	});

	it("operators of the cluster have the service accounts that their charts make", () => {
		const guide = read("DEPLOYMENT.md");
		const accounts = production()
			.resources.filter(({ type }) => type === "aws_eks_pod_identity_association")
			.map(({ values }) => values as Record<string, string>)
			.filter(({ namespace }) => namespace !== production().outputs.namespace!.value);
		expect(accounts).toHaveLength(3);
		for (const { namespace, service_account: name } of accounts)
			expect(guide).toMatch(
				new RegExp(`helm upgrade --install ${name} .*--namespace ${namespace}\\b`)
			);
		expect(guide).toContain("--set rbac.serviceAccount.name=cluster-autoscaler");
	});

	it("the controller may make each kind of load balancer that the manifests ask for", () => {
		const ingress = read("k8s/components/aws/load-balancer.patch.yaml");
		const service = read("k8s/components/bus-load-balancer/load-balancer.yaml");
		expect(ingress).toContain("ingressClassName: alb");
		expect(service).toContain("loadBalancerClass: service.k8s.aws/nlb");
		const policy = 'eks.aws_iam_role_policy.pod["load-balancer-controller"]';
		const resourcesOf = (sid: string) =>
			valueAt(production().resources, [policy, `policy/Statement/${sid}/Resource`]) as string[];
		const forms = (names: string[]) =>
			names.flatMap(name =>
				["app", "net"].map(kind => expect.stringMatching(`:${name}/${kind}/\\*$`))
			);
		for (const sid of ["MakeLoadBalancers", "ChangeOwnLoadBalancers"])
			expect(resourcesOf(sid)).toEqual(expect.arrayContaining(forms(["loadbalancer"])));
		expect(resourcesOf("ChangeListeners")).toEqual(
			expect.arrayContaining(forms(["listener", "listener-rule"]))
		);
	});
}
