output "alarm_topic_arn" {
  description = "Topic of SNS that alarms go to"
  value       = aws_sns_topic.alarms.arn
}

output "alarm_names" {
  description = "Names of all alarms"
  value       = sort([for alarm in concat(values(aws_cloudwatch_metric_alarm.database), values(aws_cloudwatch_metric_alarm.kafka), values(aws_cloudwatch_metric_alarm.entry), values(aws_cloudwatch_metric_alarm.nat)) : alarm.alarm_name])
}
