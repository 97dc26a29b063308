# Two VPN connections, of two tunnels each, to the network on Google Cloud in which Flink runs (terraform/gcp): Kafka is reached
# by private addresses only. AWS makes the pre-shared keys, and keeps them in Secrets Manager.

locals {
  # Both sides of a tunnel need an address: the first two of each /30. These of 169.254.0.0/16 are not among those that AWS
  # keeps for itself (https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html).
  inside_ranges = [for n in range(4) : cidrsubnet("169.254.21.0/28", 2, n)]

  gateways = { for index, address in var.peer_addresses : tostring(index) => address }
}

resource "aws_vpn_gateway" "this" {
  vpc_id          = var.vpc_id
  amazon_side_asn = var.own_asn

  tags = { Name = var.name }
}

# The gateway learns the other side's range by BGP, and private subnets learn it from the gateway.
resource "aws_vpn_gateway_route_propagation" "this" {
  for_each = var.route_table_ids

  vpn_gateway_id = aws_vpn_gateway.this.id
  route_table_id = each.value
}

resource "aws_customer_gateway" "this" {
  for_each = local.gateways

  type       = "ipsec.1"
  bgp_asn    = tostring(var.peer_asn)
  ip_address = each.value

  tags = { Name = "${var.name}-google-${each.key}" }
}

resource "aws_vpn_connection" "this" {
  for_each = aws_customer_gateway.this

  type                = "ipsec.1"
  vpn_gateway_id      = aws_vpn_gateway.this.id
  customer_gateway_id = each.value.id
  static_routes_only  = false

  # Otherwise the keys are in the state of Terraform.
  preshared_key_storage = "SecretsManager"

  tunnel1_inside_cidr                  = local.inside_ranges[2 * tonumber(each.key)]
  tunnel1_ike_versions                 = ["ikev2"]
  tunnel1_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase1_integrity_algorithms  = ["SHA2-256"]
  tunnel1_phase1_dh_group_numbers      = [14]
  tunnel1_phase2_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase2_integrity_algorithms  = ["SHA2-256"]
  tunnel1_phase2_dh_group_numbers      = [14]

  tunnel2_inside_cidr                  = local.inside_ranges[2 * tonumber(each.key) + 1]
  tunnel2_ike_versions                 = ["ikev2"]
  tunnel2_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel2_phase1_integrity_algorithms  = ["SHA2-256"]
  tunnel2_phase1_dh_group_numbers      = [14]
  tunnel2_phase2_encryption_algorithms = ["AES256-GCM-16"]
  tunnel2_phase2_integrity_algorithms  = ["SHA2-256"]
  tunnel2_phase2_dh_group_numbers      = [14]

  tags = { Name = "${var.name}-google-${each.key}" }
}

# Flink may connect to Kafka, and to nothing else: this port, of these machines.
resource "aws_vpc_security_group_ingress_rule" "kafka" {
  security_group_id = var.kafka_security_group_id
  description       = "SCRAM by TLS from Flink on Google Cloud"
  cidr_ipv4         = var.peer_range
  ip_protocol       = "tcp"
  from_port         = 9096
  to_port           = 9096
}
