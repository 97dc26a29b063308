import { filesOf } from "./module-files.ts";
import { lifecyclesIn } from "./lifecycles.rules.ts";

const replacedBeforeDeleted = "create_before_destroy = true";
/** Of the environment that the first apply has written. */
const theFirstStays = "ignore_changes = [input]";

/** Resource → what it waits for, and what an apply does not set back. */
const expected: Readonly<Record<string, Record<string, string[]>>> = {
	aws: {
		"environment.tf terraform_data.environment": [theFirstStays],
		"modules/alb/main.tf aws_acm_certificate.this": [replacedBeforeDeleted],
		"modules/eks/addons.tf aws_eks_addon.this": ["after aws_eks_node_group.this"],
		"modules/eks/machines.tf aws_eks_node_group.this": [
			"after aws_iam_role_policy_attachment.machine, aws_eks_addon.before_machines",
			// The autoscaler sets it.
			"ignore_changes = [scaling_config[0].desired_size]",
			replacedBeforeDeleted
		],
		"modules/eks/main.tf aws_eks_cluster.this": [
			// EKS makes the log group itself where there is none, without a key, and keeps it for ever.
			"after aws_iam_role_policy_attachment.cluster, aws_cloudwatch_log_group.control_plane"
		],
		"modules/lambda/main.tf aws_lambda_function.this": ["after aws_iam_role_policy.function"],
		"modules/lambda/network.tf aws_security_group.this": ["after aws_iam_role_policy.function"],
		"modules/lambda/sources.tf aws_lambda_event_source_mapping.kafka": [
			"after aws_iam_role_policy.function"
		],
		"modules/msk/main.tf aws_msk_configuration.this": [replacedBeforeDeleted],
		"modules/msk/main.tf aws_msk_cluster.this": [
			// Storage grows by itself.
			"ignore_changes = [broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]"
		],
		"modules/msk/users.tf aws_msk_single_scram_secret_association.this": [
			"after aws_secretsmanager_secret_policy.kafka"
		],
		"modules/rds/main.tf aws_db_parameter_group.this": [replacedBeforeDeleted],
		"modules/rds/main.tf aws_db_instance.this": ["after aws_cloudwatch_log_group.postgres"],
		"modules/s3/main.tf aws_s3_bucket_lifecycle_configuration.this": [
			"after aws_s3_bucket_versioning.this"
		],
		"modules/s3/policies.tf aws_s3_bucket_policy.this": [
			"after aws_s3_bucket_public_access_block.this"
		],
		// The address is in the URL, whose value no state has: it is written again once Postgres is elsewhere.
		"modules/secrets/main.tf aws_secretsmanager_secret_version.database": [
			"replace_triggered_by = [terraform_data.address]"
		],
		"modules/secrets/main.tf aws_secretsmanager_secret_version.migrate": [
			"replace_triggered_by = [terraform_data.address]"
		],
		"modules/vpc/routes.tf aws_nat_gateway.this": ["after aws_internet_gateway.this"]
	},
	gcp: {
		"environment.tf terraform_data.environment": [theFirstStays],
		"keys.tf google_kms_key_ring.this": ["after google_project_service.this"],
		"keys.tf data.google_storage_project_service_account.this": [
			"after google_project_service.this"
		],
		"keys.tf google_kms_crypto_key_iam_member.agents": ["after google_project_service.this"],
		"main.tf module.network": ["after google_project_service.this"],
		"main.tf module.storage": ["after google_kms_crypto_key_iam_member.agents"],
		"main.tf module.dataproc": ["after google_kms_crypto_key_iam_member.agents"],
		"modules/dataproc/main.tf google_dataproc_cluster.this": [
			"after google_project_iam_member.worker, google_storage_bucket_iam_member.objects"
		]
	}
};

it.each(Object.keys(expected))("resources of %s wait for each other as they should", root => {
	expect(lifecyclesIn(filesOf(root))).toEqual(expected[root]);
});

/** File, what is replaced and by what, and the resource that is then another. */
const planted: readonly [file: string, from: string, to: string, resource: string][] = [
	[
		"modules/eks/machines.tf",
		"    ignore_changes        = [scaling_config[0].desired_size]\n",
		"",
		"aws_eks_node_group.this"
	],
	[
		"modules/msk/main.tf",
		"[broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]",
		"all",
		"aws_msk_cluster.this"
	],
	["modules/eks/main.tf", ", aws_cloudwatch_log_group.control_plane]", "]", "aws_eks_cluster.this"],
	[
		"modules/rds/main.tf",
		"  db_name                       =",
		"  lifecycle {\n    prevent_destroy = true\n  }\n\n  db_name                       =",
		"aws_db_instance.this"
	]
];

it.each(planted)("another lifecycle in %s is found: %j → %j", (file, from, to, resource) => {
	const files = filesOf("aws");
	expect(files[file]).toContain(from);
	const changed = { ...files, [file]: files[file]!.replace(from, () => to) };
	const place = `${file} ${resource}`;
	expect(lifecyclesIn(changed)[place]).not.toEqual(expected.aws![place]);
});
