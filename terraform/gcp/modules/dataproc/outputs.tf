output "cluster" {
  description = "Name of the cluster"
  value       = google_dataproc_cluster.this.name
}

output "kafka_secret" {
  description = "Full name of the secret with the settings of Kafka's client"
  value       = "projects/${var.project}/secrets/${google_secret_manager_secret.kafka.secret_id}"
}

output "service_account" {
  description = "Account of the machines"
  value       = google_service_account.this.email
}
