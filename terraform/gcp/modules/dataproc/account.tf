# The machines' own account, which may work as a worker of Dataproc, use the buckets of this cluster, and read one secret.

resource "google_service_account" "this" {
  account_id   = substr("flink-${var.name}", 0, 30)
  project      = var.project
  display_name = "Flink cluster ${var.name}"
}

resource "google_project_iam_member" "worker" {
  project = var.project
  role    = "roles/dataproc.worker"
  member  = google_service_account.this.member
}

resource "google_storage_bucket_iam_member" "objects" {
  for_each = var.buckets

  bucket = each.value
  role   = "roles/storage.objectAdmin"
  member = google_service_account.this.member
}

# Settings of Kafka's client, with the password, as text of a properties file. A person puts its first version
# (analytics/flink-job/README.md), so that it is in no state.
resource "google_secret_manager_secret" "kafka" {
  project             = var.project
  secret_id           = "${var.name}-kafka"
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region

        customer_managed_encryption {
          kms_key_name = var.key_name
        }
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "kafka" {
  project   = var.project
  secret_id = google_secret_manager_secret.kafka.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}
