# Secrets of the shop as k8s/base/secrets.yaml reads them, each fact in one secret only: who needs it reads it there. Values are made
# while Terraform runs, and are in no plan and in no state, so a second secret with the same value would be another one after
# the next apply (docs/decisions/0045). What people put is in secrets that Terraform never writes.

locals {
  kafka_services = toset(["product", "order", "notification", "analytics", "webhook"])

  # Role in Postgres of each service; the migration makes it, and gives it the password of its URL.
  roles = {
    user         = "shop_users"
    product      = "shop_product"
    order        = "shop_orders"
    payment      = "shop_payment"
    notification = "shop_notification"
    analytics    = "shop_analytics"
    webhook      = "shop_webhook"
  }

  bus_users = toset(concat(["gateway"], keys(local.roles)))

  # Secret → its members.
  members = merge(
    {
      migrate = ["DATABASE_HOST"]
      token   = ["TOKEN_PRIVATE_KEY", "TOKEN_PUBLIC_KEY"]
    },
    { for service in keys(local.roles) : service => ["${upper(service)}_DATABASE_URL"] },
    { for user in local.bus_users : "nats-${user}" => ["NATS_PASSWORD"] }
  )

  # Members that only people have: their secrets are made without a value.
  by_hand = {
    stripe       = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
    certificates = ["ca.crt"]
    nats-tls     = ["tls.crt", "tls.key"]
  }

  address = "${var.database.host}:${var.database.port}/${var.database.name}"
}

resource "aws_secretsmanager_secret" "shop" {
  for_each = toset(concat(keys(local.members), keys(local.by_hand)))

  name                    = "${var.prefix}${each.key}"
  description             = "Secret ${each.key} of moleculer-commerce (k8s/base/secrets.yaml)"
  kms_key_id              = var.secrets_key_arn
  recovery_window_in_days = var.recovery_days
}

ephemeral "random_password" "database" {
  for_each = local.roles

  length  = 40
  special = false
}

ephemeral "random_password" "bus" {
  for_each = local.bus_users

  length  = 40
  special = false
}

ephemeral "tls_private_key" "token" {
  algorithm = "ED25519"
}

# Where Postgres is stands in the URL of each service and in that of the migration: all are written again once it is elsewhere.
resource "terraform_data" "address" {
  input = local.address
}

resource "aws_secretsmanager_secret_version" "migrate" {
  secret_id                = aws_secretsmanager_secret.shop["migrate"].id
  secret_string_wo         = jsonencode({ DATABASE_HOST = local.address })
  secret_string_wo_version = lookup(var.versions, "migrate", 1)

  lifecycle {
    replace_triggered_by = [terraform_data.address]
  }
}

resource "aws_secretsmanager_secret_version" "database" {
  for_each = local.roles

  secret_id = aws_secretsmanager_secret.shop[each.key].id
  secret_string_wo = jsonencode({
    "${upper(each.key)}_DATABASE_URL" = "postgres://${each.value}:${ephemeral.random_password.database[each.key].result}@${local.address}?sslmode=verify-full"
  })
  secret_string_wo_version = lookup(var.versions, each.key, 1)

  lifecycle {
    replace_triggered_by = [terraform_data.address]
  }
}

# nats-server reads passwords as a part of its configuration: a letter comes first.
resource "aws_secretsmanager_secret_version" "bus" {
  for_each = local.bus_users

  secret_id                = aws_secretsmanager_secret.shop["nats-${each.key}"].id
  secret_string_wo         = jsonencode({ NATS_PASSWORD = "n${ephemeral.random_password.bus[each.key].result}" })
  secret_string_wo_version = lookup(var.versions, "nats-${each.key}", 1)
}

# The two halves of one key. Those who may read the secret as a whole are the operator and people; the gateway gets the public half.
resource "aws_secretsmanager_secret_version" "token" {
  secret_id = aws_secretsmanager_secret.shop["token"].id
  secret_string_wo = jsonencode({
    TOKEN_PRIVATE_KEY = trimspace(ephemeral.tls_private_key.token.private_key_pem_pkcs8)
    TOKEN_PUBLIC_KEY  = trimspace(ephemeral.tls_private_key.token.public_key_pem)
  })
  secret_string_wo_version = lookup(var.versions, "token", 1)
}
