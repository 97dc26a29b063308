# A network without a way to the internet: machines have no public address, reach Google's own services by their private addresses,
# and Kafka on AWS by tunnels.

locals {
  # https://cloud.google.com/vpc/docs/configure-private-google-access: private.googleapis.com
  google_range     = "199.36.153.8/30"
  google_addresses = ["199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"]

  # Whose names lead there.
  google_domains = ["googleapis.com", "gcr.io", "pkg.dev"]
}

resource "google_compute_network" "this" {
  name                            = var.name
  auto_create_subnetworks         = false
  delete_default_routes_on_create = true
  routing_mode                    = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  name                     = var.name
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = var.range
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = var.flow_log_samples
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_route" "google" {
  name             = "${var.name}-google"
  network          = google_compute_network.this.id
  dest_range       = local.google_range
  next_hop_gateway = "default-internet-gateway"
}

resource "google_dns_managed_zone" "google" {
  for_each = toset(local.google_domains)

  name        = "${var.name}-${replace(each.value, ".", "-")}"
  dns_name    = "${each.value}."
  description = "Private addresses of ${each.value}"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.this.id
    }
  }
}

resource "google_dns_record_set" "google" {
  for_each = google_dns_managed_zone.google

  managed_zone = each.value.name
  name         = each.value.dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = local.google_addresses
}

resource "google_dns_record_set" "google_names" {
  for_each = google_dns_managed_zone.google

  managed_zone = each.value.name
  name         = "*.${each.value.dns_name}"
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [each.value.dns_name]
}
