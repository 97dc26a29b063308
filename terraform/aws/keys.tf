# Keys by what they encrypt. IAM of the account decides who uses them; services that write by themselves are named.

locals {
  root_arn = "arn:${local.account.partition}:iam::${local.account.id}:root"

  keys = {
    cluster  = "Secrets in the cluster"
    data     = "Databases, messages of Kafka, objects, images"
    secrets  = "Secrets Manager"
    logs     = "CloudWatch logs"
    messages = "Alarms and queues"
  }

  # EventBridge names no source account to KMS when it writes to an encrypted queue or topic, so a condition would shut it out. The policy of
  # each queue says whose rule may write.
  events_of_eventbridge = {
    Sid       = "EventsOfRules"
    Effect    = "Allow"
    Principal = { Service = ["events.amazonaws.com"] }
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = "*"
  }

  # Key → statements beside that of the account. "*" in the policy of a key is the key itself.
  key_services = {
    logs = [{
      Sid       = "LogsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "logs.${local.account.region}.amazonaws.com" }
      Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.account.partition}:logs:${local.account.region}:${local.account.id}:*" } }
    }]
    messages = [local.events_of_eventbridge, {
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.rds.amazonaws.com"] }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account.id } }
    }]
  }

  key_policies = {
    for name in keys(local.keys) : name => jsonencode({
      Version = "2012-10-17"
      Statement = concat([{
        Sid       = "IamOfThisAccountDecides"
        Effect    = "Allow"
        Principal = { AWS = local.root_arn }
        Action    = "kms:*"
        Resource  = "*"
        Condition = { StringEquals = { "kms:CallerAccount" = local.account.id } }
      }], lookup(local.key_services, name, []))
    })
  }
}

resource "aws_kms_key" "this" {
  for_each = local.keys

  description             = "${each.value} of ${local.name}"
  enable_key_rotation     = true
  deletion_window_in_days = local.size.is_kept ? 30 : 7
  policy                  = local.key_policies[each.key]
}

resource "aws_kms_alias" "this" {
  for_each = local.keys

  name          = "alias/${local.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
