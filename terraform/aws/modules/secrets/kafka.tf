# User and password of each service in Kafka, in the form and under the name that Kafka asks for; the operator reads them there too, by a
# SecretStore with this prefix. Users that are no services of the shop, such as Flink, come and go.

locals {
  kafka_prefix = "AmazonMSK_${var.name}-"
  kafka_users  = setunion(local.kafka_services, var.other_kafka_users)
}

resource "aws_secretsmanager_secret" "kafka" {
  for_each = local.kafka_users

  name        = "${local.kafka_prefix}${each.key}"
  description = "User ${each.key} of Kafka"
  kms_key_id  = var.secrets_key_arn

  # The name of a secret that can be restored is taken. A user who comes back gets a new password, so there is nothing to restore.
  recovery_window_in_days = contains(var.other_kafka_users, each.key) ? 0 : var.recovery_days
}

ephemeral "random_password" "kafka" {
  for_each = local.kafka_users

  length  = 40
  special = false
}

resource "aws_secretsmanager_secret_version" "kafka" {
  for_each = local.kafka_users

  secret_id                = aws_secretsmanager_secret.kafka[each.key].id
  secret_string_wo         = jsonencode({ username = each.key, password = ephemeral.random_password.kafka[each.key].result })
  secret_string_wo_version = lookup(var.versions, "kafka-${each.key}", 1)
}
