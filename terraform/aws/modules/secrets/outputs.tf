output "prefix" {
  description = "Begins the names of secrets"
  value       = var.prefix
}

output "members" {
  description = "Secrets by their last name, each with its members"
  value       = merge(local.by_hand, local.members)
}

output "to_put" {
  description = "Members that people must put, by the name of the secret"
  value       = { for name, members in local.by_hand : "${var.prefix}${name}" => members }
}

output "kafka_secret_arns" {
  description = "Secrets of the users of Kafka, by user, once they have a value"
  value       = { for service, version in aws_secretsmanager_secret_version.kafka : service => version.arn }
}

output "function_secret_arns" {
  description = "Secrets of the notification function: its own, and the authorities of the bus and of Postgres"
  value       = concat([for secret in aws_secretsmanager_secret.function : secret.arn], [aws_secretsmanager_secret.shop["certificates"].arn])
}
