output "table_name" {
  description = "Name of the table: NOTIFICATION_TABLE"
  value       = aws_dynamodb_table.notifications.name
}

output "table_arn" {
  description = "ARN of the table"
  value       = aws_dynamodb_table.notifications.arn
}
