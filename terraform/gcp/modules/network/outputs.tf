output "subnetwork" {
  description = "Subnetwork of the machines"
  value       = google_compute_subnetwork.this.id
}

output "tag" {
  description = "Tag of machines that the rules of the firewall are for"
  value       = local.tag
}

output "tunnels" {
  description = "How many tunnels there are: 4, or 0 before the other side exists"
  value       = length(google_compute_vpn_tunnel.aws)
}

output "vpn_gateway_addresses" {
  description = "The two addresses of this side of the tunnels"
  value       = [for interface in google_compute_ha_vpn_gateway.this.vpn_interfaces : interface.ip_address]
}
