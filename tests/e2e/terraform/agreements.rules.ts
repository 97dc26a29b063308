import type { StateResource } from "./test-report.ts";
import { valueIn } from "./wiring.rules.ts";

/** What two resources, or a resource and a service of AWS, have to agree on by a name or a form. */

type Rule = (of: (type: string) => StateResource[]) => string[];

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

/** A log of a bucket in that bucket would log itself. */
const bucketLogs: Rule = of =>
	of("aws_s3_bucket_logging")
		.filter(
			({ values }) => values.target_bucket !== "bucket-logs" || values.bucket === "bucket-logs"
		)
		.map(({ address }) => `${address}: does not go to the bucket of logs`);

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

const rules: readonly Rule[] = [
	logGroups,
	firewallLog,
	firewallBlocks,
	processors,
	bucketLogs,
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
