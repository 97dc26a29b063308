mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name         = "moleculer-commerce-test"
  account      = { id = "123456789012", region = "eu-central-1", partition = "aws" }
  data_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/data"
}

run "buckets_are_private_versioned_and_encrypted" {
  command = plan

  assert {
    condition     = join(" ", keys(aws_s3_bucket.this)) == "backups images logs" && aws_s3_bucket.this["images"].bucket == "moleculer-commerce-test-images-123456789012"
    error_message = "There must be a bucket for images, backups and logs."
  }
  assert {
    condition     = alltrue([for name in keys(local.buckets) : aws_s3_bucket_public_access_block.this[name].block_public_acls && aws_s3_bucket_public_access_block.this[name].block_public_policy && aws_s3_bucket_public_access_block.this[name].ignore_public_acls && aws_s3_bucket_public_access_block.this[name].restrict_public_buckets])
    error_message = "No bucket may be public."
  }
  assert {
    condition     = alltrue([for name in keys(local.buckets) : aws_s3_bucket_versioning.this[name].versioning_configuration[0].status == "Enabled"])
    error_message = "Each bucket must keep earlier versions."
  }
  assert {
    condition     = alltrue([for name in ["images", "backups"] : one(one(aws_s3_bucket_server_side_encryption_configuration.this[name].rule).apply_server_side_encryption_by_default).kms_master_key_id == var.data_key_arn])
    error_message = "Images and backups must be encrypted with our key."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this["logs"].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "The load balancer delivers logs to a bucket with encryption by S3 only."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
    error_message = "A bucket with objects must not be deleted unless that is said."
  }
}

run "policies_ask_for_tls_and_let_in_only_what_delivers_logs" {
  command = apply

  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : jsondecode(policy.policy).Statement[0].Effect == "Deny" && jsondecode(policy.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"])
    error_message = "Each bucket must refuse requests without TLS."
  }
  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.this["images"].policy).Statement) == 1
    error_message = "The policy of images may allow nothing."
  }
  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this["logs"].policy).Statement[1].Resource == ["arn:aws:s3:::moleculer-commerce-test-logs-123456789012/alb/AWSLogs/123456789012/*"]
    error_message = "The load balancer may write its logs below its own prefix only."
  }
}

run "what_is_old_is_removed" {
  command = plan

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.this["logs"].rule : rule.expiration[0].days]) == 90 && one([for rule in aws_s3_bucket_lifecycle_configuration.this["images"].rule : length(rule.expiration)]) == 0
    error_message = "Logs must be removed after their days, and current images never."
  }
  assert {
    condition     = alltrue([for one in aws_s3_bucket_lifecycle_configuration.this : one.rule[0].noncurrent_version_expiration[0].noncurrent_days <= 30])
    error_message = "Earlier versions must be removed."
  }
}

run "backups_of_a_day_are_refused" {
  command = plan

  variables {
    backup_days = 1
  }
  expect_failures = [var.backup_days]
}
