output "prefix" {
  description = "Begins the names of secrets"
  value       = var.prefix
}

output "kafka_prefix" {
  description = "Begins the names of secrets of the users of Kafka"
  value       = local.kafka_prefix
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
  value       = { for user, secret in aws_secretsmanager_secret.kafka : user => secret.arn }

  # The version's own ARN is not known while a new value is planned, and the user would be taken from Kafka and given back.
  depends_on = [aws_secretsmanager_secret_version.kafka]
}

output "kafka_service_secret_arns" {
  description = "Those of services of the shop, which the External Secrets operator reads"
  value       = [for service in local.kafka_services : aws_secretsmanager_secret.kafka[service].arn]
}

output "notification_secrets_written" {
  description = "Ids of what was written last into secrets of the notification service"
  value       = [for version in [aws_secretsmanager_secret_version.database, aws_secretsmanager_secret_version.bus] : version["notification"].version_id]
}

output "notification_secret_arns" {
  description = "Secrets that the notification function reads: those of its nodes, and the authorities of the bus and of Postgres"
  value       = [for name in ["notification", "nats-notification", "certificates"] : aws_secretsmanager_secret.shop[name].arn]
}
