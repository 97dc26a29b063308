# The way from Flink on Google Cloud to Kafka (terraform/gcp), if that is used: docs/decisions/0047-dataproc-reaches-kafka.md.

module "vpn" {
  source = "./modules/vpn"
  count  = var.gcp_vpn == null ? 0 : 1

  name                    = local.name
  vpc_id                  = module.vpc.vpc_id
  route_table_ids         = module.vpc.private_route_table_ids
  kafka_security_group_id = module.msk.security_group_id
  peer_addresses          = var.gcp_vpn.addresses
  peer_asn                = var.gcp_vpn.asn
  peer_range              = var.gcp_vpn.range
}
