# What may connect to what. Everything else is refused, also from inside to outside.

locals {
  tag = "flink"

  # IAP, by which people open a shell on a machine that has no public address.
  iap_range = "35.235.240.0/20"

  ingress = {
    cluster = { ranges = [var.range], allow = [{ protocol = "tcp", ports = ["0-65535"] }, { protocol = "udp", ports = ["0-65535"] }, { protocol = "icmp", ports = [] }] }
    iap     = { ranges = [local.iap_range], allow = [{ protocol = "tcp", ports = ["22"] }] }
  }

  egress = {
    cluster = { ranges = [var.range], allow = [{ protocol = "tcp", ports = ["0-65535"] }, { protocol = "udp", ports = ["0-65535"] }, { protocol = "icmp", ports = [] }] }
    google  = { ranges = [local.google_range], allow = [{ protocol = "tcp", ports = ["443"] }] }
    kafka   = { ranges = [var.aws_range], allow = [{ protocol = "tcp", ports = ["9096"] }] }
  }
}

resource "google_compute_firewall" "ingress" {
  for_each = local.ingress

  name          = "${var.name}-from-${each.key}"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  source_ranges = each.value.ranges
  target_tags   = [local.tag]

  dynamic "allow" {
    for_each = each.value.allow

    content {
      protocol = allow.value.protocol
      ports    = allow.value.ports
    }
  }
}

resource "google_compute_firewall" "egress" {
  for_each = local.egress

  name               = "${var.name}-to-${each.key}"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  destination_ranges = each.value.ranges
  target_tags        = [local.tag]

  dynamic "allow" {
    for_each = each.value.allow

    content {
      protocol = allow.value.protocol
      ports    = allow.value.ports
    }
  }
}

# Without it a network allows all that goes out.
resource "google_compute_firewall" "no_egress" {
  name               = "${var.name}-to-nothing-else"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65534
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
