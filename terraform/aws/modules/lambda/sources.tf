# Where events come from: topics of Kafka, and a queue, into which a rule of EventBridge puts its own. A schedule has messages sent that
# wait for their next attempt. Messages that are no events, and what fails too often, are in one queue.

locals {
  timeout_s         = 120
  queue_concurrency = 2
  topics            = { for topic in var.kafka.topics : topic => topic if var.enabled }
}

resource "aws_sqs_queue" "failed" {
  for_each = local.one

  name                      = "${local.function_name}-failed"
  message_retention_seconds = 14 * 86400
  kms_master_key_id         = var.messages_key_arn
}

resource "aws_sqs_queue" "requests" {
  for_each = local.one

  name                       = "${local.function_name}-requests"
  kms_master_key_id          = var.messages_key_arn
  visibility_timeout_seconds = 6 * local.timeout_s
  message_retention_seconds  = 4 * 86400

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.failed[each.key].arn, maxReceiveCount = 7 })
}

resource "aws_sqs_queue_redrive_allow_policy" "failed" {
  for_each = local.one

  queue_url            = aws_sqs_queue.failed[each.key].id
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.requests[each.key].arn] })
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = local.one

  event_source_arn                   = aws_sqs_queue.requests[each.key].arn
  function_name                      = aws_lambda_function.this[each.key].arn
  batch_size                         = 100
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]

  # The rest of the copies is for the topics and the schedule.
  scaling_config {
    maximum_concurrency = local.queue_concurrency
  }
}

# Reports of single messages and limits of retries need the provisioned mode of pollers.
resource "aws_lambda_event_source_mapping" "kafka" {
  for_each = local.topics

  event_source_arn                   = var.kafka.cluster_arn
  function_name                      = aws_lambda_function.this["notification"].arn
  topics                             = [each.key]
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 100
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error     = true
  # Without an end, as nodes wait for a table that is away: no event is lost. With a destination of failed events, Lambda would try ten
  # times and go on, so there is none: messages that are no events are put into the queue of failed ones by the function itself.
  maximum_retry_attempts = -1

  amazon_managed_kafka_event_source_config {
    consumer_group_id = "${local.function_name}-${each.key}"
  }

  provisioned_poller_config {
    minimum_pollers = 1
    maximum_pollers = 2
  }

  depends_on = [aws_iam_role_policy.function]
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.one

  name          = local.function_name
  description   = "Events of the shop for the notification function"
  event_pattern = jsonencode({ detail = { source = ["/orders", "/products", "/webhooks"] } })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.one

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_sqs_queue.requests[each.key].arn

  dead_letter_config {
    arn = aws_sqs_queue.failed[each.key].arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 10
  }
}

resource "aws_cloudwatch_event_rule" "due" {
  for_each = local.one

  name                = "${local.function_name}-due"
  description         = "Messages that are due are sent every minute"
  schedule_expression = "rate(1 minute)"
}

# The next one is a minute later, so none is repeated.
resource "aws_cloudwatch_event_target" "due" {
  for_each = local.one

  rule = aws_cloudwatch_event_rule.due[each.key].name
  arn  = aws_lambda_function.this[each.key].arn

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }
}

# Asynchronous invocations are those of the schedule only. One that fails goes nowhere: the next one does the same work, and the alarm of
# errors says that it failed.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = local.one

  function_name          = aws_lambda_function.this[each.key].function_name
  maximum_retry_attempts = 0
}

resource "aws_lambda_permission" "events" {
  for_each = local.one

  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this[each.key].function_name
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.due[each.key].arn
  source_account = var.account.id
}

resource "aws_sqs_queue_policy" "this" {
  for_each = var.enabled ? { requests = aws_sqs_queue.requests["notification"], failed = aws_sqs_queue.failed["notification"] } : {}

  queue_url = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EventsOfTheBus"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = each.value.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.this["notification"].arn } }
    }]
  })
}
