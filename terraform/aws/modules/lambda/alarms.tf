# Alarms: the function fails, is held back, takes too long, falls behind the topics or the queue, or left events in the queue of failed
# ones. Of Kafka, OffsetLag is what IteratorAge is of Kinesis.

locals {
  function_alarms = {
    errors     = { metric = "Errors", statistic = "Sum", threshold = 0, minutes = 5 }
    throttles  = { metric = "Throttles", statistic = "Sum", threshold = 0, minutes = 15 }
    offset-lag = { metric = "OffsetLag", statistic = "Maximum", threshold = 1000, minutes = 15 }
  }
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = { for name, alarm in local.function_alarms : name => alarm if var.enabled }

  alarm_name          = "${local.function_name}-${each.key}"
  alarm_description   = "${each.value.metric} of the notification function"
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = local.function_name }
  statistic           = each.value.statistic
  period              = 60 * each.value.minutes
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each = local.one

  alarm_name          = "${local.function_name}-duration"
  alarm_description   = "Invocations of the notification function take nearly as long as they may"
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = local.function_name }
  extended_statistic  = "p99"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1000 * (local.timeout_s - 10)
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "queue_age" {
  for_each = local.one

  alarm_name          = "${local.function_name}-queue-age"
  alarm_description   = "An event waits in the queue ${local.function_name}-requests for more than 15 minutes"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.requests[each.key].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 900
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  for_each = local.one

  alarm_name          = "${local.function_name}-failed-events"
  alarm_description   = "Events that no retry could handle wait in the queue ${local.function_name}-failed"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.failed[each.key].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
