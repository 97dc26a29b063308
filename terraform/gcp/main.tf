# A Flink cluster of Dataproc that computes the windows of sales (analytics/flink-job), and its private way to Kafka on AWS. All else
# of the shop is on AWS. Modules know nothing of each other; this file connects them.

data "google_project" "this" {
  project_id = var.project
}

locals {
  name = "moleculer-commerce-${var.environment}"

  services = [
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "dataproc.googleapis.com",
    "dns.googleapis.com",
    "iam.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ]
}

resource "google_project_service" "this" {
  for_each = toset(local.services)

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

module "network" {
  source = "./modules/network"

  name             = local.name
  region           = var.region
  range            = var.range
  aws_range        = var.aws_range
  router_asn       = var.router_asn
  tunnels          = var.aws_tunnels
  tunnel_secrets   = var.aws_tunnel_secrets
  flow_log_samples = local.size.flow_log_samples

  depends_on = [google_project_service.this]
}

module "storage" {
  source = "./modules/storage"

  name                = local.name
  project             = var.project
  location            = var.region
  key_name            = google_kms_crypto_key.this.id
  deletion_protection = local.size.is_kept

  depends_on = [google_kms_crypto_key_iam_member.agents]
}

module "dataproc" {
  source = "./modules/dataproc"

  name                = local.name
  project             = var.project
  region              = var.region
  subnetwork          = module.network.subnetwork
  tag                 = module.network.tag
  buckets             = module.storage.buckets
  key_name            = google_kms_crypto_key.this.id
  image_version       = var.image_version
  master_type         = local.size.master_type
  worker_type         = local.size.worker_type
  workers             = local.size.workers
  idle_delete_s       = local.size.idle_delete_s
  deletion_protection = local.size.is_kept

  depends_on = [google_kms_crypto_key_iam_member.agents]
}
