# All that k8s/ needs on AWS, for one environment. Modules know nothing of each other; this file connects them.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_availability_zones" "this" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  name    = "moleculer-commerce-${var.environment}"
  account = { id = data.aws_caller_identity.this.account_id, region = var.region, partition = data.aws_partition.this.partition }
  zones   = slice(data.aws_availability_zones.this.names, 0, 3)

  # As the overlays say it: production has no suffix.
  namespace     = var.environment == "production" ? "moleculer-commerce" : local.name
  secret_prefix = "moleculer-commerce/${var.environment}/"

  logs = { log_retention_days = local.size.log_days, logs_key_arn = aws_kms_key.this["logs"].arn }
}

module "vpc" {
  source = "./modules/vpc"

  name                = local.name
  account             = local.account
  zones               = local.zones
  nat_per_zone        = local.size.nat_per_zone
  interface_endpoints = local.size.interface_endpoints
  log_retention_days  = local.logs.log_retention_days
  logs_key_arn        = local.logs.logs_key_arn
}

module "s3" {
  source = "./modules/s3"

  name                = local.name
  account             = local.account
  deletion_protection = local.size.is_kept
  data_key_arn        = aws_kms_key.this["data"].arn
}

module "ecr" {
  source = "./modules/ecr"

  repository          = var.environment == "production" ? "moleculer-commerce" : local.name
  deletion_protection = local.size.is_kept
  data_key_arn        = aws_kms_key.this["data"].arn
}

module "eks" {
  source = "./modules/eks"

  name                = local.name
  account             = local.account
  vpc_id              = module.vpc.vpc_id
  private_subnet_ids  = module.vpc.private_subnet_ids
  public_access_cidrs = var.cluster_access_cidrs
  api_client_ranges   = var.api_client_ranges
  access              = { for name, arn in var.cluster_admins : name => { principal_arn = arn, policy = "AmazonEKSClusterAdminPolicy" } }
  machines            = local.size.machines
  block_volumes       = var.block_volumes
  addon_versions      = var.addon_versions
  deletion_protection = local.size.is_kept
  cluster_key_arn     = aws_kms_key.this["cluster"].arn
  secrets_key_arn     = aws_kms_key.this["secrets"].arn
  secret_prefix       = local.secret_prefix
  other_secret_arns   = concat([module.rds.owner_secret_arn], module.secrets.kafka_service_secret_arns)
  log_retention_days  = local.logs.log_retention_days
  logs_key_arn        = local.logs.logs_key_arn

  identities = {
    notification = { namespace = local.namespace, service_account = "notification", policy = local.notification_policy }
  }
}

module "rds" {
  source = "./modules/rds"

  name                   = local.name
  account                = local.account
  vpc_id                 = module.vpc.vpc_id
  database_subnet_ids    = module.vpc.database_subnet_ids
  client_security_groups = merge({ cluster = module.eks.pod_security_group_id }, var.notification_function.enabled ? { function = module.lambda.security_group_id } : {})
  instance_class         = local.size.database.class
  multi_az               = local.size.database.multi_az
  max_connections        = local.size.database.connections
  storage_gib            = local.size.database.storage
  backup_days            = local.size.database.backup_days
  deletion_protection    = local.size.is_kept
  final_snapshot         = local.size.final_snapshot
  data_key_arn           = aws_kms_key.this["data"].arn
  secrets_key_arn        = aws_kms_key.this["secrets"].arn
  log_retention_days     = local.logs.log_retention_days
  logs_key_arn           = local.logs.logs_key_arn
}

module "dynamodb" {
  source = "./modules/dynamodb"

  name                = local.name
  deletion_protection = local.size.is_kept
  data_key_arn        = aws_kms_key.this["data"].arn
}

module "secrets" {
  source = "./modules/secrets"

  name            = local.name
  prefix          = local.secret_prefix
  database        = { host = module.rds.host, port = module.rds.port, name = module.rds.database }
  versions        = var.secret_versions
  recovery_days   = local.size.is_kept ? 30 : 0
  secrets_key_arn = aws_kms_key.this["secrets"].arn

  # A person sets the rights of the others by the first; no pod has its password (docs/decisions/0048).
  other_kafka_users = concat(["administrator"], var.gcp_vpn == null ? [] : ["flink"])
}

module "msk" {
  source = "./modules/msk"

  name                   = local.name
  vpc_id                 = module.vpc.vpc_id
  private_subnet_ids     = module.vpc.private_subnet_ids
  client_security_groups = { cluster = module.eks.pod_security_group_id }
  broker_type            = local.size.broker.type
  broker_storage_gib     = local.size.broker.storage_gib
  scram_secret_arns      = module.secrets.kafka_secret_arns
  needs_rights           = var.kafka_rights_set
  data_key_arn           = aws_kms_key.this["data"].arn
  log_retention_days     = local.logs.log_retention_days
  logs_key_arn           = local.logs.logs_key_arn
}

module "alb" {
  source = "./modules/alb"

  name                   = local.name
  vpc_id                 = module.vpc.vpc_id
  private_range          = module.vpc.ranges.private
  host                   = var.host
  zone_id                = var.zone_id
  load_balancer_exists   = var.load_balancer_exists
  requests_per_5_minutes = local.size.requests
  log_attributes         = module.s3.load_balancer_log_attributes
  log_retention_days     = local.logs.log_retention_days
  logs_key_arn           = local.logs.logs_key_arn
}

module "observability" {
  source = "./modules/observability"

  name                 = local.name
  environment          = var.environment
  account              = local.account
  emails               = var.alarm_emails
  monthly_budget_usd   = coalesce(var.monthly_budget_usd, local.size.budget_usd)
  database             = { identifier = module.rds.identifier, storage_gib = local.size.database.storage.initial, max_connections = local.size.database.connections }
  kafka                = { cluster_name = module.msk.cluster_name, brokers = length(local.zones) }
  nat_gateway_ids      = module.vpc.nat_gateway_ids
  load_balancer_suffix = module.alb.load_balancer_suffix
  messages_key_arn     = aws_kms_key.this["messages"].arn
}

module "lambda" {
  source = "./modules/lambda"

  name               = local.name
  account            = local.account
  enabled            = var.notification_function.enabled
  package            = var.notification_function.package
  environment        = merge(local.notification_settings, var.notification_function.environment)
  policy             = local.notification_policy
  network            = { vpc_id = module.vpc.vpc_id, subnet_ids = module.vpc.private_subnet_ids, private_range = module.vpc.ranges.private, database_range = module.vpc.ranges.database }
  bus                = { zone = "${local.name}.internal", cluster = module.eks.cluster_name, service = "${local.namespace}/nats-entry", exists = var.notification_function.bus_load_balancer_exists }
  secrets            = { arns = module.secrets.notification_secret_arns, key_arn = aws_kms_key.this["secrets"].arn, written = module.secrets.notification_secrets_written }
  kafka              = { cluster_arn = module.msk.cluster_arn, topics = ["orders", "notifications"] }
  tracing            = var.notification_function.tracing
  alarm_topic_arn    = module.observability.alarm_topic_arn
  data_key_arn       = aws_kms_key.this["data"].arn
  messages_key_arn   = aws_kms_key.this["messages"].arn
  log_retention_days = local.logs.log_retention_days
  logs_key_arn       = local.logs.logs_key_arn
}
