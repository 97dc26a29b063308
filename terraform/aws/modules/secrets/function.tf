# Settings of the notification function: those of a notification node, which the operator composes for it from two secrets. Its version is
# the sum of theirs. Values are those of this run, so all three have to be written in one run: DEPLOYMENT.md, "Messages by a function".

resource "aws_secretsmanager_secret" "function" {
  for_each = var.function_bus_host == null ? toset([]) : toset(["notification"])

  name                    = "${var.prefix}notification-function"
  description             = "Settings of the notification function"
  kms_key_id              = var.secrets_key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "function" {
  for_each = aws_secretsmanager_secret.function

  secret_id = each.value.id
  secret_string_wo = jsonencode({
    NOTIFICATION_DATABASE_URL = local.values.notification.NOTIFICATION_DATABASE_URL
    NATS_URL                  = "tls://notification:${local.values.nats.notification}@${var.function_bus_host}:4222"
  })
  secret_string_wo_version = local.versions.notification + local.versions.nats
}
