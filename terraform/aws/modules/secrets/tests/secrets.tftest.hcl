mock_provider "aws" {
  source = "../../tests/mocks"
}

# random and tls are not mocked: ephemeral resources cannot be, and these two need no account.

variables {
  name            = "moleculer-commerce-test"
  prefix          = "moleculer-commerce/test/"
  database        = { host = "db.example", port = 5432, name = "shop" }
  secrets_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
}

run "each_secret_is_named_and_encrypted" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret.shop["order"].name == "moleculer-commerce/test/order" && aws_secretsmanager_secret.kafka["order"].name == "AmazonMSK_moleculer-commerce-test-order"
    error_message = "Secrets must have the names by which the operator and Kafka read them."
  }
  assert {
    condition     = alltrue([for secret in merge(aws_secretsmanager_secret.shop, aws_secretsmanager_secret.kafka) : secret.kms_key_id == var.secrets_key_arn])
    error_message = "Secrets must be encrypted with our key: Kafka reads none that have that of AWS."
  }
  assert {
    condition     = length(aws_secretsmanager_secret.kafka) == 5
    error_message = "Each service that has the event log needs a user of Kafka."
  }
}

run "no_value_is_in_the_state" {
  command = apply

  assert {
    condition     = alltrue([for version in merge(aws_secretsmanager_secret_version.shop, aws_secretsmanager_secret_version.kafka) : version.secret_string_wo == null && version.secret_string == null])
    error_message = "A value of a secret must be in no plan and no state."
  }
  assert {
    condition     = alltrue([for name in ["certificates", "nats-tls"] : !contains(keys(aws_secretsmanager_secret_version.shop), name)])
    error_message = "What people put is made empty."
  }
  assert {
    condition     = join(" ", output.members.payment) == "PAYMENT_DATABASE_URL STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET"
    error_message = "The payment service needs its database and the keys of Stripe."
  }
  assert {
    condition     = join(" ", output.to_put["moleculer-commerce/test/nats-tls"]) == "tls.crt tls.key"
    error_message = "What people must put is listed."
  }
}

run "a_new_version_changes_what_belongs_together" {
  command = plan

  variables {
    versions = { user = 2, order = 3 }
  }
  assert {
    condition     = aws_secretsmanager_secret_version.shop["gateway"].secret_string_wo_version == 2 && aws_secretsmanager_secret_version.shop["user"].secret_string_wo_version == 2
    error_message = "The two halves of the key of tokens must change together."
  }
  assert {
    condition     = aws_secretsmanager_secret_version.shop["order"].secret_string_wo_version == 3 && aws_secretsmanager_secret_version.kafka["order"].secret_string_wo_version == 3 && aws_secretsmanager_secret_version.shop["nats"].secret_string_wo_version == 1
    error_message = "A password of Kafka must change in both of its secrets, and others stay."
  }
}

run "the_version_of_an_unknown_secret_is_refused" {
  command = plan

  variables {
    versions = { orders = 2 }
  }
  expect_failures = [var.versions]
}

run "the_function_has_the_settings_of_a_node_and_no_value_in_the_state" {
  command = apply

  variables {
    function_bus_host = "nats.shop.internal"
    versions          = { notification = 2, nats = 3 }
  }
  assert {
    condition     = aws_secretsmanager_secret.function["notification"].name == "moleculer-commerce/test/notification-function" && aws_secretsmanager_secret.function["notification"].kms_key_id == var.secrets_key_arn
    error_message = "The function must have a secret of its own, encrypted with our key."
  }
  assert {
    condition     = aws_secretsmanager_secret_version.function["notification"].secret_string_wo == null && aws_secretsmanager_secret_version.function["notification"].secret_string_wo_version == 5
    error_message = "It must be written again with the passwords of either, and be in no state."
  }
}

run "flink_has_a_user_of_its_own" {
  command = plan

  variables {
    other_kafka_users = ["flink"]
    versions          = { flink = 2 }
  }
  assert {
    condition     = length(aws_secretsmanager_secret.kafka) == 6 && aws_secretsmanager_secret.kafka["flink"].name == "AmazonMSK_moleculer-commerce-test-flink" && aws_secretsmanager_secret_version.kafka["flink"].secret_string_wo_version == 2
    error_message = "Flink must have a user whose password can be changed by itself."
  }
  assert {
    condition     = !contains(keys(output.members), "flink")
    error_message = "It is no secret of the shop."
  }
}

run "without_the_function_there_is_no_secret_of_it" {
  command = plan

  assert {
    condition     = length(aws_secretsmanager_secret.function) == 0
    error_message = "A secret that nothing reads must not be."
  }
}
