# The table of messages of the notification service (services/notification/storage/dynamo.store.ts). Its definition stands in
# tests/support/servers/dynamo-table.ts too, which a test compares with this one.

locals {
  indexes = {
    due     = { hash_key = "queue", range_key = "due_at" }
    by_user = { hash_key = "user_id", range_key = "position" }
    by_time = { hash_key = "everyone", range_key = "position" }
  }

  attributes = { id = "S", queue = "S", due_at = "N", user_id = "S", everyone = "S", position = "S" }
}

resource "aws_dynamodb_table" "notifications" {
  name                        = "${var.name}-notifications"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = local.attributes

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.indexes

    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key
      range_key       = global_secondary_index.value.range_key
      projection_type = "ALL"
    }
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.data_key_arn
  }
}
