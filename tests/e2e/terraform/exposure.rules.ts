import type { StateResource } from "./test-report.ts";
import { valueIn } from "./connections/wiring.rules.ts";

/** What the whole of a rendered state must have, whichever module makes it. */

/** Type → the argument that names a key of KMS. */
const keyOf: Readonly<Record<string, string>> = {
	aws_cloudwatch_log_group: "kms_key_id",
	aws_db_instance: "kms_key_id",
	aws_lambda_function: "kms_key_arn",
	aws_secretsmanager_secret: "kms_key_id",
	aws_sns_topic: "kms_master_key_id",
	aws_sqs_queue: "kms_master_key_id"
};

/** Where a key of KMS is named: type, the path to it, and what the key is for. */
const keys: readonly [type: string, path: string, key: string][] = [
	["aws_cloudwatch_log_group", "kms_key_id", "logs"],
	["aws_secretsmanager_secret", "kms_key_id", "secrets"],
	["aws_db_instance", "master_user_secret_kms_key_id", "secrets"],
	["aws_sqs_queue", "kms_master_key_id", "messages"],
	["aws_sns_topic", "kms_master_key_id", "messages"],
	["aws_eks_cluster", "encryption_config/0/provider/0/key_arn", "cluster"],
	["aws_db_instance", "kms_key_id", "data"],
	["aws_db_instance", "performance_insights_kms_key_id", "data"],
	["aws_dynamodb_table", "server_side_encryption/0/kms_key_arn", "data"],
	["aws_msk_cluster", "encryption_info/0/encryption_at_rest_kms_key_arn", "data"],
	["aws_ecr_repository", "encryption_configuration/0/kms_key", "data"],
	["aws_lambda_function", "kms_key_arn", "data"]
];

/** Resources with the key of another kind of data. */
export const keyFaults = (resources: readonly StateResource[]): string[] =>
	keys.flatMap(([type, path, key]) => {
		const found = resources.filter(one => one.type === type);
		const others = found.filter(
			({ values }) => !String(valueIn(values, path)).endsWith(`:key/${key}`)
		);
		return [
			...(found.length > 0 ? [] : [`there is no ${type}`]),
			...others.map(({ address }) => `${address}: ${path} is not the key of ${key}`)
		];
	});

/** Security group rule → ports that are open to the internet, because customers come in there. */
const entry: readonly string[] = ["http", "https"].map(
	name => `module.alb.aws_vpc_security_group_ingress_rule.customers["${name}"]`
);

/** Values of secrets, of any type. Write-only ones are null in a state, and others have none. */
const secretArguments: readonly string[] = [
	"auth_token",
	"password",
	"password_wo",
	"secret_binary",
	"secret_string",
	"secret_string_wo"
];

export const exposureFaults = (resources: readonly StateResource[]): string[] =>
	resources.flatMap(({ address, type, values }) => {
		const faults: string[] = [];
		const key = keyOf[type];
		if (key && !String(values[key] ?? "").startsWith("arn:aws:kms:"))
			faults.push("has no key of ours");
		if (type === "aws_cloudwatch_log_group" && !(Number(values.retention_in_days) > 0))
			faults.push("keeps its log for ever");
		if (
			type === "aws_vpc_security_group_ingress_rule" &&
			values.cidr_ipv4 === "0.0.0.0/0" &&
			!entry.includes(address)
		)
			faults.push("is open to the internet");
		if (values.publicly_accessible === true || values.map_public_ip_on_launch === true)
			faults.push("has a public address");
		if (secretArguments.some(argument => values[argument] != null))
			faults.push("has a secret in the state");
		if (type === "aws_vpn_connection" && values.preshared_key_storage !== "SecretsManager")
			faults.push("has its keys in the state");
		return faults.map(fault => `${address}: ${fault}`);
	});

/** What production must be, on the resources themselves: type, argument, value. */
export const ofProduction: readonly [type: string, argument: string, value: unknown][] = [
	["aws_db_instance", "allow_major_version_upgrade", false],
	["aws_db_instance", "db_name", "shop"],
	["aws_db_instance", "multi_az", true],
	["aws_db_instance", "deletion_protection", true],
	["aws_db_instance", "skip_final_snapshot", false],
	["aws_db_instance", "backup_retention_period", 35],
	["aws_dynamodb_table", "deletion_protection_enabled", true],
	["aws_eks_cluster", "deletion_protection", true],
	["aws_s3_bucket", "force_destroy", false],
	["aws_ecr_repository", "force_delete", false],
	["aws_msk_cluster", "number_of_broker_nodes", 3],
	["aws_kms_key", "enable_key_rotation", true],
	["aws_eks_node_group", "capacity_type", "ON_DEMAND"]
];
