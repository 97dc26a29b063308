# A mock does not make up blocks, so the gateway has no addresses here.
mock_provider "google" {}

variables {
  name             = "moleculer-commerce-test"
  region           = "europe-west3"
  range            = "10.128.0.0/24"
  aws_range        = "10.0.32.0/19"
  router_asn       = 64514
  flow_log_samples = 0.5
  tunnel_secrets   = [for n in range(4) : "a-pre-shared-key-of-tunnel-${n}"]
  tunnels = [for n in range(4) : {
    outside_address = "198.51.100.${n}"
    inside_address  = "169.254.10.${4 * n + 1}"
    own_address     = "169.254.10.${4 * n + 2}"
    asn             = 64512
  }]
}

run "there_is_no_way_to_the_internet" {
  command = apply

  assert {
    condition     = google_compute_network.this.delete_default_routes_on_create && !google_compute_network.this.auto_create_subnetworks && google_compute_route.google.dest_range == "199.36.153.8/30"
    error_message = "The only route out must be that to Google's own services."
  }
  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access && length(google_compute_subnetwork.this.log_config) == 1
    error_message = "Machines must reach Google without a public address, and connections must be logged."
  }
  assert {
    condition     = google_compute_firewall.no_egress.direction == "EGRESS" && one(google_compute_firewall.no_egress.deny).protocol == "all" && contains(google_compute_firewall.no_egress.destination_ranges, "0.0.0.0/0") && length(google_compute_firewall.no_egress.log_config) == 1
    error_message = "All that no rule allows must be refused, and logged."
  }
  assert {
    condition     = alltrue([for rule in merge(google_compute_firewall.egress, google_compute_firewall.ingress) : rule.priority == null || try(rule.priority < 65534, true)])
    error_message = "Rules that allow must come before the one that refuses."
  }
  assert {
    condition     = toset(flatten([for rule in google_compute_firewall.egress : tolist(rule.destination_ranges)])) == toset(["10.128.0.0/24", "10.0.32.0/19", "199.36.153.8/30"])
    error_message = "Machines may connect to each other, to Kafka and to Google only."
  }
  assert {
    condition     = [for rule in google_compute_firewall.egress["kafka"].allow : "${rule.protocol} ${join(",", rule.ports)}"] == ["tcp 9096"]
    error_message = "Only the port of Kafka with SCRAM and TLS may be open to AWS."
  }
  assert {
    condition     = toset(flatten([for rule in google_compute_firewall.ingress : tolist(rule.source_ranges)])) == toset(["10.128.0.0/24", "35.235.240.0/20"])
    error_message = "Only machines of the cluster, and people through IAP, may connect."
  }
  assert {
    condition     = alltrue([for zone in google_dns_managed_zone.google : zone.visibility == "private"]) && contains(google_dns_record_set.google["googleapis.com"].rrdatas, "199.36.153.8")
    error_message = "Names of Google's services must lead to their private addresses."
  }
}

run "each_interface_has_a_tunnel_to_both_ends_of_the_other_side" {
  command = apply

  assert {
    condition     = google_compute_external_vpn_gateway.aws[0].redundancy_type == "FOUR_IPS_REDUNDANCY" && [for one in google_compute_external_vpn_gateway.aws[0].interface : one.ip_address] == [for n in range(4) : "198.51.100.${n}"]
    error_message = "The other side must have four interfaces."
  }
  assert {
    condition     = [for tunnel in google_compute_vpn_tunnel.aws : "${tunnel.vpn_gateway_interface}-${tunnel.peer_external_gateway_interface}"] == ["0-0", "0-1", "1-2", "1-3"] && alltrue([for tunnel in google_compute_vpn_tunnel.aws : tunnel.ike_version == 2])
    error_message = "There must be two tunnels for each interface, with IKEv2."
  }
  assert {
    condition     = google_compute_router_interface.aws["3"].ip_range == "169.254.10.14/30" && google_compute_router_peer.aws["3"].peer_ip_address == "169.254.10.13" && google_compute_router_peer.aws["3"].peer_asn == 64512
    error_message = "Each tunnel must have its peer in BGP."
  }
  assert {
    condition     = one(google_compute_router.this.bgp).advertise_mode == "CUSTOM" && [for one in one(google_compute_router.this.bgp).advertised_ip_ranges : one.range] == ["10.128.0.0/24"]
    error_message = "AWS must learn of the machines only."
  }
}

run "before_the_other_side_exists_there_is_only_the_gateway" {
  command = apply

  variables {
    tunnels        = []
    tunnel_secrets = []
  }
  assert {
    condition     = length(google_compute_vpn_tunnel.aws) == 0 && length(google_compute_external_vpn_gateway.aws) == 0 && output.tunnels == 0 && google_compute_ha_vpn_gateway.this.name == var.name
    error_message = "The gateway, whose addresses the other side needs, must exist before there is a tunnel."
  }
}

run "a_way_to_all_of_the_internet_is_refused" {
  command = plan

  variables {
    aws_range = "0.0.0.0/0"
  }
  expect_failures = [var.aws_range]
}

run "three_tunnels_are_refused" {
  command = plan

  variables {
    tunnels = [for n in range(3) : { outside_address = "198.51.100.${n}", inside_address = "169.254.10.1", own_address = "169.254.10.2", asn = 64512 }]
  }
  expect_failures = [var.tunnels]
}

run "short_secrets_are_refused" {
  command = plan

  variables {
    tunnel_secrets = ["a", "b", "c", "d"]
  }
  expect_failures = [var.tunnel_secrets]
}
