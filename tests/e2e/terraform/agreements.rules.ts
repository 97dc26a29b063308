import type { Rule, StateResource } from "./test-report.ts";
import { bucketLogs, bucketPrefixes } from "./connections/access-logs.rules.ts";
import { aliases, certificateHost, entryHosts, proofs } from "./connections/records.rules.ts";
import { algorithms, tunnels } from "./connections/tunnels.rules.ts";
import { valueIn } from "./connections/wiring.rules.ts";

/** What two resources, or a resource and a service of AWS, have to agree on by a name or a form. */

const text = (value: unknown) => String(value);

/** A service writes to the log group of this name. Where there is none it makes one without a key, which keeps all for ever. */
const logGroups: Rule = of => {
	const [database] = of("aws_db_instance");
	const [cluster] = of("aws_eks_cluster");
	const expected = [
		...(database!.values.enabled_cloudwatch_logs_exports as string[]).map(
			kind => `/aws/rds/instance/${text(database!.values.identifier)}/${kind}`
		),
		`/aws/eks/${text(cluster!.values.name)}/cluster`,
		...of("aws_lambda_function").map(one => `/aws/lambda/${text(one.values.function_name)}`)
	];
	const names = of("aws_cloudwatch_log_group").map(({ values }) => text(values.name));
	return expected.filter(name => !names.includes(name)).map(name => `no log group ${name}`);
};

/** AWS takes no other destination of the firewall's log. */
const firewallLog: Rule = of =>
	of("aws_cloudwatch_log_group")
		.filter(({ address }) => address.endsWith(".firewall"))
		.filter(({ values }) => !text(values.name).startsWith("aws-waf-logs-"))
		.map(({ address }) => `${address}: does not begin with aws-waf-logs-`);

/** A set of rules is overridden by `none`, which leaves the actions of its rules; one of our own blocks. */
const firewallBlocks: Rule = of =>
	of("aws_wafv2_web_acl").flatMap(({ values }) =>
		(values.rule as Record<string, unknown>[])
			.filter(
				rule =>
					valueIn(rule, "override_action/0/none/0") === undefined &&
					valueIn(rule, "action/0/block/0") === undefined
			)
			.map(rule => `the firewall's rule ${text(rule.name)} refuses nothing`)
	);

/** Rules that only count: webhooks of the payment provider are longer than its 8 KB. */
const counted = ["AWSManagedRulesCommonRuleSet SizeRestrictions_BODY"];

const firewallCounts: Rule = of =>
	of("aws_wafv2_web_acl").flatMap(({ values }) => {
		const found = (values.rule as Record<string, unknown>[]).flatMap(rule => {
			const path = "statement/0/managed_rule_group_statement/0/rule_action_override";
			const overrides = (valueIn(rule, path) ?? []) as { name: string }[];
			return overrides.map(({ name }) => `${text(rule.name)} ${name}`);
		});
		return found.join() === counted.join() ? [] : [`the firewall only counts ${found.join()}`];
	});

/** m7g, c8gd, t4g: a `g` after the number is a processor of Arm. */
const isArm = (instanceType: string) => /^[a-z]+\d+g/.test(instanceType);

/** The image is built for linux/amd64 (DEPLOYMENT.md). */
const processors: Rule = of =>
	of("aws_eks_node_group").flatMap(({ address, values }) => {
		const arm = (values.instance_types as string[]).filter(isArm);
		return [
			...(/x86_64/.test(text(values.ami_type)) ? [] : [`${address}: is ${text(values.ami_type)}`]),
			...arm.map(type => `${address}: ${type} has another processor`)
		];
	});

const money: Rule = of =>
	of("aws_budgets_budget").flatMap(({ address, values }) => {
		const notices = values.notification as Record<string, unknown>[];
		const reported = notices
			.filter(
				one => one.comparison_operator === "GREATER_THAN" && one.threshold_type === "PERCENTAGE"
			)
			.filter(one => (one.subscriber_email_addresses as string[]).length > 0)
			.map(one => `${text(one.notification_type)} ${text(one.threshold)}`)
			.sort()
			.join();
		return reported === "ACTUAL 80,FORECASTED 100" ? [] : [`${address}: reports ${reported}`];
	});

const authority: Rule = of =>
	of("aws_db_instance")
		// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html: valid until 2061.
		.filter(({ values }) => values.ca_cert_identifier !== "rds-ca-rsa2048-g1")
		.map(({ address }) => `${address}: has another authority than the pods trust`);

/** A user whose secret the cluster does not know cannot sign in. */
const kafkaUsers: Rule = of => {
	const keysOf = (type: string, part: string) =>
		of(type)
			.filter(({ address }) => address.includes(part))
			.map(({ address }) => /\["(.*)"\]$/.exec(address)![1]!)
			.sort()
			.join();
	const made = keysOf("aws_secretsmanager_secret", ".kafka[");
	const known = keysOf("aws_msk_single_scram_secret_association", "");
	return made === known ? [] : [`users of Kafka are ${made}, and it knows ${known}`];
};

/** A group of which the function has no right keeps no position. */
const groups: Rule = of => {
	const policies = of("aws_iam_role_policy").map(({ values }) => text(values.policy));
	return of("aws_lambda_event_source_mapping").flatMap(({ address, values }) => {
		const group = valueIn(values, "amazon_managed_kafka_event_source_config/0/consumer_group_id");
		const isAllowed = policies.some(policy => policy.includes(`/${text(group)}"`));
		return group === undefined || isAllowed ? [] : [`${address}: no right on ${text(group)}`];
	});
};

/** AWS: six times the function's timeout, or a message comes again while it is worked on. */
const visibility: Rule = of =>
	of("aws_sqs_queue")
		.filter(({ address }) => address.includes(".requests["))
		.filter(({ values }) =>
			of("aws_lambda_function").some(
				one => Number(values.visibility_timeout_seconds) < 6 * Number(one.values.timeout)
			)
		)
		.map(({ address }) => `${address}: shows a message again too early`);

/** Of a bucket with a key of ours. Delivery of logs takes none. */
const bucketKeys: Rule = of =>
	of("aws_s3_bucket_server_side_encryption_configuration")
		.filter(({ values }) => values.bucket !== "bucket-logs")
		.filter(({ values }) => {
			const path = "rule/0/apply_server_side_encryption_by_default/0/kms_master_key_id";
			return !text(valueIn(values, path)).endsWith(":key/data");
		})
		.map(({ address }) => `${address}: has another key`);

/** Minutes of a day, of 02:00-03:00 or sun:03:30-sun:04:30. */
function minutesOf(window: unknown): [from: number, to: number] {
	const [from, to] = [...text(window).matchAll(/(\d\d):(\d\d)/g)].map(
		([, hours, minutes]) => 60 * Number(hours) + Number(minutes)
	);
	return [from!, to!];
}

/** RDS refuses a backup that may run during maintenance. */
const windows: Rule = of =>
	of("aws_db_instance").flatMap(({ address, values }) => {
		const [backup, maintenance] = [values.backup_window, values.maintenance_window].map(minutesOf);
		const isApart = backup![1] <= maintenance![0] || maintenance![1] <= backup![0];
		return isApart ? [] : [`${address}: backup and maintenance overlap`];
	});

/** Two machines stay while others are replaced. */
const replacement: Rule = of =>
	of("aws_eks_node_group").flatMap(({ address, values }) => {
		const fewest = Number(valueIn(values, "scaling_config/0/min_size"));
		const away = Number(valueIn(values, "update_config/0/max_unavailable"));
		return fewest - away >= 2 ? [] : [`${address}: ${away} of ${fewest} are replaced at once`];
	});

/** A certificate that is proved by mail waits for a person each year. */
const certificates: Rule = of =>
	of("aws_acm_certificate")
		.filter(({ values }) => values.validation_method !== "DNS")
		.map(({ address }) => `${address}: is not renewed by itself`);

const rules: readonly Rule[] = [
	aliases,
	entryHosts,
	certificateHost,
	proofs,
	kafkaUsers,
	tunnels,
	algorithms,
	groups,
	visibility,
	bucketKeys,
	windows,
	replacement,
	certificates,
	logGroups,
	firewallLog,
	firewallBlocks,
	firewallCounts,
	processors,
	bucketLogs,
	bucketPrefixes,
	money,
	authority
];

export const agreementFaults = (resources: readonly StateResource[]): string[] =>
	rules.flatMap(rule => rule(type => resources.filter(one => one.type === type)));

/** Annotation of the Ingress → the form of what it names. */
const annotationForms: Readonly<Record<string, RegExp>> = {
	"certificate-arn": /^arn:aws:acm:.*:certificate\//,
	"load-balancer-attributes":
		/access_logs\.s3\.bucket=[a-z-]+-logs-\d{12},access_logs\.s3\.prefix=alb$/,
	"load-balancer-name": /^moleculer-commerce-production$/,
	"manage-backend-security-group-rules": /^true$/,
	"security-groups": /^sg-entry$/,
	"ssl-policy": /^ELBSecurityPolicy-TLS13-1-2-\d{4}-\d{2}$/,
	"wafv2-acl-arn": /^arn:aws:wafv2:.*:regional\/webacl\//
};

export const annotationFaults = (annotations: Readonly<Record<string, string>>): string[] =>
	Object.entries(annotations)
		.filter(([name, value]) => !annotationForms[name.split("/")[1]!]?.test(value))
		.map(([name, value]) => `${name}: ${value}`);
