mock_provider "aws" {
  source = "./tests/mocks"

  # Values of their own, so that a resource that uses another one's is seen (tests/e2e/terraform/connections/references.rules.ts).
  override_resource {
    target = aws_kms_key.this["cluster"]
    values = { arn = "arn:aws:kms:eu-central-1:123456789012:key/cluster" }
  }
  override_resource {
    target = aws_kms_key.this["data"]
    values = { arn = "arn:aws:kms:eu-central-1:123456789012:key/data" }
  }
  override_resource {
    target = aws_kms_key.this["secrets"]
    values = { arn = "arn:aws:kms:eu-central-1:123456789012:key/secrets" }
  }
  override_resource {
    target = aws_kms_key.this["logs"]
    values = { arn = "arn:aws:kms:eu-central-1:123456789012:key/logs" }
  }
  override_resource {
    target = aws_kms_key.this["messages"]
    values = { arn = "arn:aws:kms:eu-central-1:123456789012:key/messages" }
  }
  override_resource {
    target = module.lambda.aws_sqs_queue.requests
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:requests", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/requests" }
  }
  override_resource {
    target = module.lambda.aws_sqs_queue.failed
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:failed", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/failed" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.shop["notification"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:notification" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.shop["nats-notification"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nats-notification" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["administrator"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_administrator" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["analytics"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_analytics" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["flink"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_flink" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["notification"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_notification" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["order"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_order" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["product"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_product" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.kafka["webhook"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_webhook" }
  }
  override_resource {
    target = module.secrets.aws_secretsmanager_secret.shop["certificates"]
    values = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:certificates" }
  }
  override_resource {
    target = module.lambda.aws_cloudwatch_event_rule.this
    values = { arn = "arn:aws:events:eu-central-1:123456789012:rule/shop" }
  }
  override_resource {
    target = module.lambda.aws_security_group.this
    values = { id = "sg-function" }
  }
  override_resource {
    target = module.rds.aws_security_group.this
    values = { id = "sg-postgres" }
  }
  override_resource {
    target = module.msk.aws_security_group.this
    values = { id = "sg-kafka" }
  }
  override_resource {
    target = module.vpc.aws_subnet.public["eu-central-1a"]
    values = { id = "subnet-public-a" }
  }
  override_resource {
    target = module.vpc.aws_subnet.public["eu-central-1b"]
    values = { id = "subnet-public-b" }
  }
  override_resource {
    target = module.vpc.aws_subnet.public["eu-central-1c"]
    values = { id = "subnet-public-c" }
  }
  override_resource {
    target = module.vpc.aws_subnet.private["eu-central-1a"]
    values = { id = "subnet-private-a" }
  }
  override_resource {
    target = module.vpc.aws_subnet.private["eu-central-1b"]
    values = { id = "subnet-private-b" }
  }
  override_resource {
    target = module.vpc.aws_subnet.private["eu-central-1c"]
    values = { id = "subnet-private-c" }
  }
  override_resource {
    target = module.vpc.aws_subnet.database["eu-central-1a"]
    values = { id = "subnet-database-a" }
  }
  override_resource {
    target = module.vpc.aws_subnet.database["eu-central-1b"]
    values = { id = "subnet-database-b" }
  }
  override_resource {
    target = module.vpc.aws_subnet.database["eu-central-1c"]
    values = { id = "subnet-database-c" }
  }
  override_resource {
    target = module.s3.aws_s3_bucket.this["backups"]
    values = { id = "bucket-backups" }
  }
  override_resource {
    target = module.s3.aws_s3_bucket.this["images"]
    values = { id = "bucket-images" }
  }
  override_resource {
    target = module.s3.aws_s3_bucket.this["logs"]
    values = { id = "bucket-logs" }
  }
  override_resource {
    target = module.alb.aws_security_group.this
    values = { id = "sg-entry" }
  }
  override_resource {
    target = module.eks.aws_iam_role.cluster
    values = { arn = "arn:aws:iam::123456789012:role/cluster" }
  }
  override_resource {
    target = module.eks.aws_iam_role.machine
    values = { arn = "arn:aws:iam::123456789012:role/machine" }
  }
  override_resource {
    target = module.eks.aws_iam_role.pod["notification"]
    values = { arn = "arn:aws:iam::123456789012:role/notification" }
  }
  override_resource {
    target = module.eks.aws_iam_role.pod["external-secrets"]
    values = { arn = "arn:aws:iam::123456789012:role/external-secrets" }
  }
  override_resource {
    target = module.eks.aws_iam_role.pod["cluster-autoscaler"]
    values = { arn = "arn:aws:iam::123456789012:role/cluster-autoscaler" }
  }
  override_resource {
    target = module.rds.aws_iam_role.monitoring
    values = { arn = "arn:aws:iam::123456789012:role/monitoring" }
  }
  override_resource {
    target = module.vpc.aws_iam_role.flows
    values = { arn = "arn:aws:iam::123456789012:role/flows" }
  }
  override_resource {
    target = module.lambda.aws_iam_role.function
    values = { arn = "arn:aws:iam::123456789012:role/function" }
  }
  override_resource {
    target = module.vpc.aws_cloudwatch_log_group.flows
    values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:flows" }
  }
  override_resource {
    target = module.alb.aws_cloudwatch_log_group.firewall
    values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:firewall" }
  }
}

variables {
  environment    = "production"
  account_id     = "123456789012"
  host           = "shop.example"
  mail_from      = "The Shop <orders@shop.example>"
  cluster_admins = { operators = "arn:aws:iam::123456789012:role/operators" }
  alarm_emails   = ["operators@shop.example"]
}

run "production_outlives_a_zone" {
  command = apply

  variables {
    sms_enabled          = true
    zone_id              = "Z0123456789"
    load_balancer_exists = true
    events_topic_arn     = "arn:aws:sns:eu-central-1:123456789012:events"
    gcp_vpn              = { addresses = ["203.0.113.1", "203.0.113.2"], asn = 64514, range = "10.128.0.0/24" }
    notification_function = {
      enabled                  = true
      bus_load_balancer_exists = true
      package                  = { bucket = "packages", key = "notification.zip" }
    }
  }
  assert {
    condition     = local.size.database.multi_az && local.size.nat_per_zone && local.size.machines.capacity_type == "ON_DEMAND" && local.size.is_kept
    error_message = "Production must have a standby, a NAT gateway in each zone, and machines that stay."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "Keys must be rotated, and be restorable for 30 days."
  }
  assert {
    condition     = length(module.vpc.private_subnet_ids) == 3 && length(module.vpc.nat_gateway_ids) == 3
    error_message = "Subnets must lie in three zones."
  }
  assert {
    condition     = length(output.vpn_tunnels) == 4 && length(output.vpn_secret_arns) == 2
    error_message = "terraform/gcp must get four tunnels, and people the secrets of both connections."
  }
  assert {
    condition     = output.namespace == "moleculer-commerce" && output.secret_prefix == "moleculer-commerce/production/"
    error_message = "Names must be those of k8s/overlays/production."
  }
}

# With states of their own: otherwise they would change what the first run made.
run "staging_is_small_and_kept" {
  command   = apply
  state_key = "staging"

  variables {
    environment = "staging"
  }
  assert {
    condition     = local.size.is_kept && !local.size.database.multi_az && output.namespace == "moleculer-commerce-staging"
    error_message = "Staging must be protected from deletion, and have the names of k8s/overlays/staging."
  }
}

run "dev_is_cheap_and_can_be_deleted" {
  command   = apply
  state_key = "dev"

  variables {
    environment = "dev"
  }
  assert {
    condition     = local.size.machines.capacity_type == "SPOT" && !local.size.is_kept && !local.size.nat_per_zone && length(local.size.interface_endpoints) == 0
    error_message = "dev must be cheap, and be deletable."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation])
    error_message = "Keys of dev are rotated too."
  }
}

run "production_has_the_same_environment_in_a_second_plan" {
  command = plan

  assert {
    condition     = terraform_data.environment.output.environment == "production"
    error_message = "the state must say its environment"
  }
}

run "variables_of_staging_are_refused_on_the_state_of_production" {
  command = plan

  variables {
    environment = "staging"
  }

  expect_failures = [terraform_data.environment]
}

run "another_region_is_refused_on_the_state_of_production" {
  command = plan

  variables {
    region = "eu-west-1"
  }

  expect_failures = [terraform_data.environment]
}

run "an_unknown_environment_is_refused" {
  command = plan

  variables {
    environment = "test"
  }
  expect_failures = [var.environment]
}

run "a_host_with_a_scheme_is_refused" {
  command = plan

  variables {
    host = "https://shop.example"
  }
  expect_failures = [var.host]
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    cluster_access_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.cluster_access_cidrs]
}
