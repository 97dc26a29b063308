# Four tunnels to the virtual private gateway on AWS, each interface of one side with both of the other: one may be lost on either side.
# https://cloud.google.com/network-connectivity/docs/vpn/concepts/topologies: an HA VPN gateway to AWS has four interfaces as its peer.

locals {
  # Whether the other side exists. The secrets are as many, and not looked at here.
  has_tunnels = length(var.tunnels) == 4
  tunnels     = { for index, tunnel in var.tunnels : tostring(index) => tunnel }
}

resource "google_compute_ha_vpn_gateway" "this" {
  name    = var.name
  network = google_compute_network.this.id
  region  = var.region
}

resource "google_compute_router" "this" {
  name    = var.name
  network = google_compute_network.this.id
  region  = var.region

  # AWS learns of the machines here, and of nothing else.
  bgp {
    asn            = var.router_asn
    advertise_mode = "CUSTOM"

    advertised_ip_ranges {
      range = var.range
    }
  }
}

resource "google_compute_external_vpn_gateway" "aws" {
  count = local.has_tunnels ? 1 : 0

  name            = "${var.name}-aws"
  redundancy_type = "FOUR_IPS_REDUNDANCY"

  dynamic "interface" {
    for_each = var.tunnels

    content {
      id         = interface.key
      ip_address = interface.value.outside_address
    }
  }
}

resource "google_compute_vpn_tunnel" "aws" {
  for_each = local.tunnels

  name                            = "${var.name}-aws-${each.key}"
  region                          = var.region
  ike_version                     = 2
  router                          = google_compute_router.this.id
  vpn_gateway                     = google_compute_ha_vpn_gateway.this.id
  vpn_gateway_interface           = floor(tonumber(each.key) / 2)
  peer_external_gateway           = google_compute_external_vpn_gateway.aws[0].id
  peer_external_gateway_interface = tonumber(each.key)
  # The provider has no write-only argument for it, so it is in the state.
  shared_secret = var.tunnel_secrets[tonumber(each.key)]
}

resource "google_compute_router_interface" "aws" {
  for_each = local.tunnels

  name       = "${var.name}-aws-${each.key}"
  region     = var.region
  router     = google_compute_router.this.name
  ip_range   = "${each.value.own_address}/30"
  vpn_tunnel = google_compute_vpn_tunnel.aws[each.key].name
}

resource "google_compute_router_peer" "aws" {
  for_each = local.tunnels

  name            = "${var.name}-aws-${each.key}"
  region          = var.region
  router          = google_compute_router.this.name
  interface       = google_compute_router_interface.aws[each.key].name
  ip_address      = each.value.own_address
  peer_ip_address = each.value.inside_address
  peer_asn        = each.value.asn
}
