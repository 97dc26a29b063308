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
    condition = alltrue([
      for version in concat(
        values(aws_secretsmanager_secret_version.database), values(aws_secretsmanager_secret_version.bus), values(aws_secretsmanager_secret_version.kafka),
        [aws_secretsmanager_secret_version.migrate, aws_secretsmanager_secret_version.token]
      ) : version.secret_string_wo == null && version.secret_string == null
    ])
    error_message = "A value of a secret must be in no plan and no state."
  }
  assert {
    condition     = length(aws_secretsmanager_secret_version.database) + length(aws_secretsmanager_secret_version.bus) + 2 == length(aws_secretsmanager_secret.shop) - length(output.to_put)
    error_message = "Each secret must be either written by Terraform or put by people: what is both is emptied by an apply."
  }
  assert {
    condition     = join(" ", output.members.payment) == "PAYMENT_DATABASE_URL" && join(" ", output.members.nats-payment) == "NATS_PASSWORD" && join(" ", output.members.token) == "TOKEN_PRIVATE_KEY TOKEN_PUBLIC_KEY"
    error_message = "A secret must have the members of one fact."
  }
  assert {
    condition     = join(" ", output.to_put["moleculer-commerce/test/stripe"]) == "STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET" && length(output.to_put) == 3
    error_message = "What people must put is listed."
  }
}

run "a_second_apply_writes_nothing" {
  command = apply

  assert {
    condition     = join(" ", output.notification_secrets_written) == join(" ", run.no_value_is_in_the_state.notification_secrets_written)
    error_message = "Without a greater version or another address no secret may be written."
  }
}

run "a_new_version_changes_one_fact" {
  command = apply

  variables {
    versions = { notification = 2, kafka-order = 3, token = 2 }
  }
  assert {
    condition     = aws_secretsmanager_secret_version.database["notification"].secret_string_wo_version == 2 && aws_secretsmanager_secret_version.kafka["order"].secret_string_wo_version == 3 && aws_secretsmanager_secret_version.token.secret_string_wo_version == 2
    error_message = "Each must have a version by its name."
  }
  assert {
    condition     = aws_secretsmanager_secret_version.database["order"].secret_string_wo_version == 1 && aws_secretsmanager_secret_version.bus["notification"].secret_string_wo_version == 1
    error_message = "Others must stay."
  }
  assert {
    condition     = output.notification_secrets_written[1] == run.no_value_is_in_the_state.notification_secrets_written[1]
    error_message = "The password on the bus must stay, with what the function knows of it."
  }
}

run "the_version_of_an_unknown_secret_is_refused" {
  command = plan

  variables {
    versions = { orders = 2 }
  }
  expect_failures = [var.versions]
}

run "a_new_password_takes_no_user_from_kafka" {
  command = plan

  variables {
    versions = { notification = 2, kafka-order = 4, token = 2 }
  }
  assert {
    condition     = aws_secretsmanager_secret_version.kafka["order"].secret_string_wo_version == 4 && output.kafka_secret_arns["order"] == aws_secretsmanager_secret.kafka["order"].arn
    error_message = "What Kafka knows a user by must be known, and stay, while a new password is planned."
  }
}

run "urls_are_written_again_when_postgres_is_elsewhere" {
  command = apply

  variables {
    versions = { notification = 2, kafka-order = 3, token = 2 }
    database = { host = "restored.example", port = 5432, name = "shop" }
  }
  assert {
    condition     = output.notification_secrets_written[0] != run.a_new_version_changes_one_fact.notification_secrets_written[0]
    error_message = "A URL must have the address of Postgres, with the same version too."
  }
  assert {
    condition     = output.notification_secrets_written[1] == run.a_new_version_changes_one_fact.notification_secrets_written[1]
    error_message = "Passwords on the bus have no address, and must stay."
  }
}

run "flink_has_a_user_of_its_own" {
  command = plan

  variables {
    other_kafka_users = ["flink"]
    versions          = { kafka-flink = 2 }
  }
  assert {
    condition     = length(aws_secretsmanager_secret.kafka) == 6 && aws_secretsmanager_secret.kafka["flink"].name == "AmazonMSK_moleculer-commerce-test-flink" && aws_secretsmanager_secret_version.kafka["flink"].secret_string_wo_version == 2
    error_message = "Flink must have a user whose password can be changed by itself."
  }
  assert {
    condition     = aws_secretsmanager_secret.kafka["flink"].recovery_window_in_days == 0 && aws_secretsmanager_secret.kafka["order"].recovery_window_in_days == 30
    error_message = "It must be possible to take Flink away and make it again: the name of a secret that can be restored is taken."
  }
  assert {
    condition     = !contains(keys(output.members), "flink") && length(output.kafka_service_secret_arns) == 5
    error_message = "It is no secret of the shop, which the operator reads."
  }
}
