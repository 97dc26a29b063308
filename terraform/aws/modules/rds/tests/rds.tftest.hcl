mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                   = "moleculer-commerce-test"
  account                = { id = "123456789012", region = "eu-central-1", partition = "aws" }
  vpc_id                 = "vpc-0123456789abcdef0"
  database_subnet_ids    = ["subnet-1", "subnet-2", "subnet-3"]
  client_security_groups = { cluster = "sg-cluster" }
  instance_class         = "db.m7g.large"
  max_connections        = 400
  storage_gib            = { initial = 100, most = 500 }
  data_key_arn           = "arn:aws:kms:eu-central-1:123456789012:key/data"
  secrets_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  log_retention_days     = 30
  logs_key_arn           = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

run "data_are_encrypted_and_private" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.data_key_arn
    error_message = "Storage must be encrypted with our key."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "Postgres must have no public address."
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.clients)[0] == "cluster" && alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.from_port == 5432 && rule.cidr_ipv4 == null])
    error_message = "Only the given security groups may connect, to port 5432."
  }
  assert {
    condition     = one([for one in aws_db_parameter_group.this.parameter : one.value if one.name == "rds.force_ssl"]) == "1"
    error_message = "Postgres must refuse connections without TLS."
  }
}

run "nothing_is_lost_by_default" {
  command = plan

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "moleculer-commerce-test-final"
    error_message = "A database must be protected from deletion, and leave a snapshot."
  }
  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 35 && !aws_db_instance.this.delete_automated_backups
    error_message = "A database must have a standby in another zone, and backups of 35 days that outlive it."
  }
  assert {
    condition     = one([for one in aws_db_parameter_group.this.parameter : one.value if one.name == "synchronous_commit"]) == "on"
    error_message = "A commit must wait for the disk unless the shop says otherwise."
  }
}

run "a_snapshot_remains_of_what_may_be_deleted" {
  command = plan

  variables {
    deletion_protection = false
  }
  assert {
    condition     = !aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "moleculer-commerce-test-final" && !aws_db_instance.this.delete_automated_backups
    error_message = "A tear-down must leave a snapshot unless that is said apart."
  }
}

run "the_owner_has_a_password_that_is_in_no_state" {
  command = plan

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.master_user_secret_kms_key_id == var.secrets_key_arn
    error_message = "RDS must keep and rotate the owner's password."
  }
}

run "it_is_watched" {
  command = apply

  assert {
    condition     = aws_db_instance.this.performance_insights_enabled && aws_db_instance.this.monitoring_interval == 60
    error_message = "Performance Insights and enhanced monitoring must be on."
  }
  assert {
    condition     = length(aws_db_instance.this.enabled_cloudwatch_logs_exports) == 2 && alltrue([for group in aws_cloudwatch_log_group.postgres : group.kms_key_id == var.logs_key_arn && group.retention_in_days == 30])
    error_message = "Logs must be exported, encrypted and removed in time."
  }
  assert {
    condition     = one([for one in aws_db_parameter_group.this.parameter : one.value if one.name == "log_parameter_max_length"]) == "0"
    error_message = "Values of statements, which are data of customers, must not be logged."
  }
  assert {
    condition     = output.owner_secret_arn == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-mocked"
    error_message = "The secret of the owner must be known, because the migration reads it."
  }
}

run "too_few_connections_are_refused" {
  command = plan

  variables {
    max_connections = 100
  }
  expect_failures = [var.max_connections]
}

run "less_storage_later_is_refused" {
  command = plan

  variables {
    storage_gib = { initial = 100, most = 50 }
  }
  expect_failures = [var.storage_gib]
}
