/** A fault for each module and the root: file, what is replaced and by what, and the run of `terraform test` that reports it. */
export const planted: readonly [
	fault: string,
	file: string,
	from: string,
	to: string,
	run: string
][] = [
	[
		"a machine that gets a public address",
		"aws/modules/vpc/main.tf",
		"map_public_ip_on_launch = false",
		"map_public_ip_on_launch = true",
		"no_machine_gets_a_public_address"
	],
	[
		"a network plugin that enforces no policy",
		"aws/modules/eks/addons.tf",
		'enableNetworkPolicy = "true"',
		'enableNetworkPolicy = "false"',
		"add_ons_have_versions_and_network_policies_are_enforced"
	],
	[
		"a database that is not encrypted",
		"aws/modules/rds/main.tf",
		"storage_encrypted     = true",
		"storage_encrypted     = false",
		"data_are_encrypted_and_private"
	],
	[
		"a table that cannot be restored",
		"aws/modules/dynamodb/main.tf",
		"point_in_time_recovery {\n    enabled = true",
		"point_in_time_recovery {\n    enabled = false",
		"messages_are_encrypted_and_can_be_restored"
	],
	[
		"a bucket that may become public",
		"aws/modules/s3/main.tf",
		"block_public_policy     = true",
		"block_public_policy     = false",
		"buckets_are_private_versioned_and_encrypted"
	],
	[
		"brokers that take plaintext",
		"aws/modules/msk/main.tf",
		'client_broker = "TLS"',
		'client_broker = "TLS_PLAINTEXT"',
		"nothing_goes_unencrypted"
	],
	[
		"a load balancer that reaches everything",
		"aws/modules/alb/main.tf",
		"cidr_ipv4         = var.private_range",
		'cidr_ipv4         = "0.0.0.0/0"',
		"customers_reach_the_load_balancer_and_it_reaches_gateways_only"
	],
	[
		"a function that may read every topic",
		"aws/modules/lambda/role.tf",
		"Resource = local.kafka_topics",
		'Resource = ["*"]',
		"the_role_may_read_its_sources_only"
	],
	[
		"a tag that may be pushed again",
		"aws/modules/ecr/main.tf",
		'"IMMUTABLE"',
		'"MUTABLE"',
		"a_tag_never_changes_and_images_are_scanned"
	],
	[
		"a password in the state",
		"aws/modules/secrets/kafka.tf",
		"secret_string_wo         = jsonencode({ username = each.key, password = ephemeral.random_password.kafka[each.key].result })\n  secret_string_wo_version",
		'secret_string            = jsonencode({ username = each.key, password = "known" })\n  secret_string_wo_version',
		"no_value_is_in_the_state"
	],
	[
		"a secret that Terraform writes and people put",
		"aws/modules/secrets/main.tf",
		"    stripe       = [",
		"    payment      = [",
		"no_value_is_in_the_state"
	],
	[
		"a URL that keeps the old address of Postgres",
		"aws/modules/secrets/main.tf",
		'sslmode=verify-full"\n  })\n  secret_string_wo_version = lookup(var.versions, each.key, 1)\n\n  lifecycle {\n    replace_triggered_by = [terraform_data.address]\n  }\n',
		'sslmode=verify-full"\n  })\n  secret_string_wo_version = lookup(var.versions, each.key, 1)\n',
		"urls_are_written_again_when_postgres_is_elsewhere"
	],
	[
		"a user of Kafka by the password that it has",
		"aws/modules/secrets/outputs.tf",
		"user, secret in aws_secretsmanager_secret.kafka : user => secret.arn",
		"user, version in aws_secretsmanager_secret_version.kafka : user => version.arn",
		"a_new_password_takes_no_user_from_kafka"
	],
	[
		"a user who comes and goes, and whose name stays taken",
		"aws/modules/secrets/kafka.tf",
		"contains(var.other_kafka_users, each.key) ? 0 : var.recovery_days",
		"var.recovery_days",
		"flink_has_a_user_of_its_own"
	],
	[
		"an alarm that goes to no one",
		"aws/modules/observability/alarms.tf",
		"alarm_actions       = local.actions",
		"alarm_actions       = []",
		"alarms_reach_people"
	],
	[
		"production without protection from deletion",
		"aws/sizes.tf",
		"log_days            = 90\n      is_kept             = true",
		"log_days            = 90\n      is_kept             = false",
		"production_outlives_a_zone"
	],
	[
		"a VPN whose keys are in the state",
		"aws/modules/vpn/main.tf",
		'preshared_key_storage = "SecretsManager"',
		'preshared_key_storage = "Standard"',
		"keys_are_in_no_state"
	],
	[
		"a network with a way to the internet",
		"gcp/modules/network/main.tf",
		"delete_default_routes_on_create = true",
		"delete_default_routes_on_create = false",
		"there_is_no_way_to_the_internet"
	],
	[
		"machines with public addresses",
		"gcp/modules/dataproc/main.tf",
		"internal_ip_only       = true",
		"internal_ip_only       = false",
		"machines_are_private_and_measured_at_start"
	],
	[
		"a bucket that may be made public",
		"gcp/modules/storage/main.tf",
		'public_access_prevention    = "enforced"',
		'public_access_prevention    = "inherited"',
		"buckets_are_private_and_encrypted"
	],
	[
		"a key that is never rotated",
		"gcp/keys.tf",
		'rotation_period = "7776000s" # 90 days',
		"rotation_period = null",
		"production_survives_a_worker"
	]
];
