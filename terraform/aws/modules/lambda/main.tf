# Messages to customers by a Lambda function (lambda/). Off by default: notification nodes send them. With both, each message is
# sent once, by the one that claims it first in their table; nodes stay for the API.

locals {
  # All or nothing: each resource has this as its keys.
  one = var.enabled ? toset(["notification"]) : toset([])

  function_name = "${var.name}-notification"
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.one

  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn
}

resource "aws_lambda_function" "this" {
  for_each = local.one

  function_name = local.function_name
  role          = aws_iam_role.function[each.key].arn
  handler       = "index.handler"
  runtime       = var.runtime
  architectures = ["arm64"]
  memory_size   = 1024
  timeout       = local.timeout_s

  # Copies that run have read their secrets. A change of any argument ends them, so that the next ones have the new values.
  description = join(" ", concat(["Sends messages of the shop to customers"], var.secrets.written))

  filename         = var.package.path
  source_code_hash = var.package.path == null ? null : filebase64sha256(var.package.path)
  s3_bucket        = var.package.bucket
  s3_key           = var.package.key

  kms_key_arn                    = var.data_key_arn
  reserved_concurrent_executions = var.concurrency

  # Secrets are read from Secrets Manager when the function starts: as variables they would be in the state. The password of the bus is
  # one of them (NATS_PASSWORD).
  environment {
    variables = merge(var.environment, {
      NATS_URL              = "tls://notification@${local.bus_host}:4222"
      SECRET_IDS            = join(",", var.secrets.arns)
      DEAD_LETTER_QUEUE_URL = aws_sqs_queue.failed[each.key].url
      DATABASE_POOL         = "1"
    })
  }

  vpc_config {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = [aws_security_group.this[each.key].id]
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  depends_on = [aws_iam_role_policy.function]
}
