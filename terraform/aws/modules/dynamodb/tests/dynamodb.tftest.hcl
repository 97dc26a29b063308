mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name         = "moleculer-commerce-test"
  data_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/data"
}

run "messages_are_encrypted_and_can_be_restored" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.notifications.server_side_encryption[0].enabled && aws_dynamodb_table.notifications.server_side_encryption[0].kms_key_arn == var.data_key_arn
    error_message = "The table must be encrypted with our key."
  }
  assert {
    condition     = aws_dynamodb_table.notifications.point_in_time_recovery[0].enabled
    error_message = "The table must have point-in-time recovery."
  }
  assert {
    condition     = aws_dynamodb_table.notifications.deletion_protection_enabled
    error_message = "The table must be protected from deletion unless that is said."
  }
}

run "it_has_the_keys_that_the_service_reads_by" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.notifications.hash_key == "id" && aws_dynamodb_table.notifications.billing_mode == "PAY_PER_REQUEST"
    error_message = "A message is found by its id, and paid for by request."
  }
  assert {
    condition     = aws_dynamodb_table.notifications.ttl[0].enabled && aws_dynamodb_table.notifications.ttl[0].attribute_name == "expires_at"
    error_message = "Expired messages must be removed."
  }
  assert {
    condition     = join(" ", sort([for index in aws_dynamodb_table.notifications.global_secondary_index : "${index.name}:${index.hash_key}/${index.range_key}"])) == "by_time:everyone/position by_user:user_id/position due:queue/due_at"
    error_message = "The table must have the indexes that the service queries."
  }
}

run "a_key_that_is_none_is_refused" {
  command = plan

  variables {
    data_key_arn = "alias/aws/dynamodb"
  }
  expect_failures = [var.data_key_arn]
}
