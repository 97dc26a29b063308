# The same user and password of each service once more in the form that Kafka reads. Both are written in one run, because
# they have one version number. Users that are no services of the shop, such as Flink, have this one only.

locals {
  kafka_users = setunion(local.kafka_services, var.other_kafka_users)

  # The keys of tokens are a pair, so their two secrets have one number.
  versions = {
    for secret in keys(local.members) : secret => lookup(var.versions, secret == "gateway" ? "user" : secret, 1)
  }
}

resource "aws_secretsmanager_secret" "kafka" {
  for_each = local.kafka_users

  name                    = "AmazonMSK_${var.name}-${each.key}"
  description             = "User ${each.key} of Kafka"
  kms_key_id              = var.secrets_key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "kafka" {
  for_each = local.kafka_users

  secret_id                = aws_secretsmanager_secret.kafka[each.key].id
  secret_string_wo         = jsonencode({ username = each.key, password = ephemeral.random_password.kafka[each.key].result })
  secret_string_wo_version = lookup(var.versions, each.key, 1)
}
