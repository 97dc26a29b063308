# Postgres in the database subnets. RDS makes the owner's password, keeps it in Secrets Manager and rotates it every seven
# days; the migration reads it from there (docs/decisions/0045). Services have roles of their own, which the migration makes.
# The product runs with these parameters in tests/e2e/rest/rest.parameter-group.test.ts, which reads them here.

locals {
  log_types = ["postgresql", "upgrade"]

  parameters = {
    "rds.force_ssl" = { value = "1", apply_method = "immediate" }
    # DEPLOYMENT.md, "Sizing".
    "max_connections" = { value = tostring(var.max_connections), apply_method = "pending-reboot" }
    # The shop sets it to off for commits that others repeat (docs/decisions/0005), and relies on this default for the rest.
    "synchronous_commit"         = { value = "on", apply_method = "immediate" }
    "log_min_duration_statement" = { value = "1000", apply_method = "immediate" }
    "log_parameter_max_length"   = { value = "0", apply_method = "immediate" }
    "log_lock_waits"             = { value = "1", apply_method = "immediate" }
    "track_io_timing"            = { value = "1", apply_method = "immediate" }
    "shared_preload_libraries"   = { value = "pg_stat_statements", apply_method = "pending-reboot" }
  }
}

resource "aws_cloudwatch_log_group" "postgres" {
  for_each = toset(local.log_types)

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.database_subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-postgres"
  description = "Postgres, for machines of the cluster"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-postgres" }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "Postgres from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${var.major_version}"
  description = "Settings that the shop relies on"

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.apply_method
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.major_version
  instance_class = var.instance_class
  multi_az       = var.multi_az

  db_name                       = "shop"
  username                      = "shop_owner"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.secrets_key_arn

  allocated_storage     = var.storage_gib.initial
  max_allocated_storage = var.storage_gib.most
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.data_key_arn

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  # Point-in-time recovery goes back so far (docs/operations.md, "After a restore of Postgres").
  backup_retention_period   = var.backup_days
  backup_window             = "02:00-03:00"
  maintenance_window        = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !var.final_snapshot
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.final_snapshot
  final_snapshot_identifier = var.final_snapshot ? "${var.name}-final" : null

  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false

  enabled_cloudwatch_logs_exports       = local.log_types
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.data_key_arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  depends_on = [aws_cloudwatch_log_group.postgres]
}
