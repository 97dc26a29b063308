# Secrets of the shop as k8s/base/secrets.yaml reads them. Values are made while Terraform runs and written to Secrets Manager only:
# ephemeral resources and write-only arguments are in no plan and in no state. A greater number in `versions` makes new ones.

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

  url_names = { for service in keys(local.roles) : service => "${upper(service)}_DATABASE_URL" }

  # Secret → its members.
  members = merge(
    {
      migrate = ["DATABASE_HOST"]
      gateway = ["TOKEN_PUBLIC_KEY"]
      nats    = sort(local.bus_users)
    },
    {
      for service, name in local.url_names : service => concat(
        [name],
        contains(local.kafka_services, service) ? ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"] : [],
        service == "user" ? ["TOKEN_PRIVATE_KEY"] : [],
        service == "payment" ? ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"] : []
      )
    }
  )

  # Members that only people have: they are made empty, and put by hand.
  by_hand = {
    payment      = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
    certificates = ["ca.crt"]
    nats-tls     = ["tls.crt", "tls.key"]
  }
}

ephemeral "random_password" "database" {
  for_each = local.roles

  length  = 40
  special = false
}

ephemeral "random_password" "kafka" {
  for_each = local.kafka_users

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

locals {
  address = "${var.database.host}:${var.database.port}/${var.database.name}"

  # Secret → member → value.
  values = {
    for secret in keys(local.members) : secret => merge(
      {
        DATABASE_HOST    = local.address
        TOKEN_PUBLIC_KEY = trimspace(ephemeral.tls_private_key.token.public_key_pem)
      },
      {
        TOKEN_PRIVATE_KEY     = trimspace(ephemeral.tls_private_key.token.private_key_pem_pkcs8)
        STRIPE_SECRET_KEY     = ""
        STRIPE_WEBHOOK_SECRET = ""
        KAFKA_SASL_USERNAME   = secret
      },
      contains(local.kafka_services, secret) ? { KAFKA_SASL_PASSWORD = ephemeral.random_password.kafka[secret].result } : {},
      contains(keys(local.roles), secret) ? {
        (local.url_names[secret]) = "postgres://${local.roles[secret]}:${ephemeral.random_password.database[secret].result}@${local.address}?sslmode=verify-full"
      } : {},
      # nats-server reads them as a part of its configuration: a letter comes first.
      secret == "nats" ? { for user in local.bus_users : user => "n${ephemeral.random_password.bus[user].result}" } : {}
    )
  }
}

resource "aws_secretsmanager_secret" "shop" {
  for_each = toset(concat(keys(local.members), keys(local.by_hand)))

  name                    = "${var.prefix}${each.key}"
  description             = "Secret ${each.key} of moleculer-commerce (k8s/base/secrets.yaml)"
  kms_key_id              = var.secrets_key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "shop" {
  for_each = local.members

  secret_id                = aws_secretsmanager_secret.shop[each.key].id
  secret_string_wo         = jsonencode({ for member in each.value : member => local.values[each.key][member] })
  secret_string_wo_version = local.versions[each.key]
}
