output "vpn_gateway_addresses" {
  description = "Addresses of this side of the tunnels: gcp_vpn.addresses of terraform/aws"
  value       = module.network.vpn_gateway_addresses
}

output "vpn" {
  description = "What terraform/aws needs to know of this side: its variable gcp_vpn"
  value = {
    addresses = module.network.vpn_gateway_addresses
    asn       = var.router_asn
    range     = var.range
  }
}

output "submit_settings" {
  description = "Variables of analytics/flink-job/submit.sh, as lines for a shell"
  value = join("\n", [for name, value in {
    PROJECT          = var.project
    REGION           = var.region
    CLUSTER          = module.dataproc.cluster
    BUCKET           = module.storage.buckets["jobs"]
    CHECKPOINTS      = "gs://${module.storage.buckets["checkpoints"]}/windows"
    KAFKA_PROPERTIES = "${module.dataproc.kafka_secret}/versions/latest"
  } : "export ${name}=${value}"])
}
