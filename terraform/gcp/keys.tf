# One key, which encrypts buckets, disks and the secret. Key rings and keys can never be deleted, so a new one would need a new name.

resource "google_kms_key_ring" "this" {
  name     = local.name
  location = var.region

  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key" "this" {
  name            = "data"
  key_ring        = google_kms_key_ring.this.id
  rotation_period = "7776000s" # 90 days

  # For so long a version that was destroyed can be restored.
  destroy_scheduled_duration = "2592000s"
}

# That of Cloud Storage is made when it is read.
data "google_storage_project_service_account" "this" {
  project = var.project

  depends_on = [google_project_service.this]
}

# The services of Google that encrypt for us, by their own accounts. A new project has none of them, and the grants below fail until they
# are made, once and by hand, because the provider `google` has no resource for it:
#   gcloud services enable compute.googleapis.com dataproc.googleapis.com secretmanager.googleapis.com --project=shop-analytics-production
#   gcloud beta services identity create --service=compute.googleapis.com --project=shop-analytics-production
#   gcloud beta services identity create --service=dataproc.googleapis.com --project=shop-analytics-production
#   gcloud beta services identity create --service=secretmanager.googleapis.com --project=shop-analytics-production
locals {
  number = data.google_project.this.number

  agents = {
    compute  = "service-${local.number}@compute-system.iam.gserviceaccount.com"
    dataproc = "service-${local.number}@dataproc-accounts.iam.gserviceaccount.com"
    secrets  = "service-${local.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    storage  = data.google_storage_project_service_account.this.email_address
  }
}

resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = local.agents

  crypto_key_id = google_kms_crypto_key.this.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"

  depends_on = [google_project_service.this]
}
