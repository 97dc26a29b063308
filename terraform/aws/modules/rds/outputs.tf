output "identifier" {
  description = "Name of the server, by which metrics are found"
  value       = aws_db_instance.this.identifier
}

output "host" {
  description = "Host of the server"
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the server"
  value       = 5432
}

output "database" {
  description = "Database of the shop"
  value       = aws_db_instance.this.db_name
}

output "owner_secret_arn" {
  description = "Secret with username and password of the owner, which RDS rotates"
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "security_group_id" {
  description = "Security group of the server"
  value       = aws_security_group.this.id
}
