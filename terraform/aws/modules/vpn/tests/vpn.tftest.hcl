mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                    = "moleculer-commerce-test"
  vpc_id                  = "vpc-0123456789abcdef0"
  route_table_ids         = { a = "rtb-a", b = "rtb-b", c = "rtb-c" }
  kafka_security_group_id = "sg-0123456789abcdef0"
  peer_addresses          = ["203.0.113.1", "203.0.113.2"]
  peer_asn                = 64514
  peer_range              = "10.128.0.0/24"
}

run "each_address_of_the_other_side_has_two_tunnels" {
  command = apply

  assert {
    condition     = tolist([for gateway in aws_customer_gateway.this : gateway.ip_address]) == var.peer_addresses && length(aws_vpn_connection.this) == 2 && length(output.tunnels) == 4
    error_message = "There must be four tunnels."
  }
  assert {
    condition     = length(toset(flatten([for one in aws_vpn_connection.this : [one.tunnel1_inside_cidr, one.tunnel2_inside_cidr]]))) == 4 && alltrue(flatten([for one in aws_vpn_connection.this : [for range in [one.tunnel1_inside_cidr, one.tunnel2_inside_cidr] : endswith(range, "/30")]]))
    error_message = "Each tunnel must have a range of its own."
  }
  assert {
    condition     = alltrue([for one in aws_vpn_connection.this : !one.static_routes_only && one.tunnel1_ike_versions == toset(["ikev2"]) && one.tunnel2_ike_versions == toset(["ikev2"])])
    error_message = "Tunnels must use BGP and IKEv2."
  }
  assert {
    condition     = alltrue(flatten([for one in aws_vpn_connection.this : [for algorithms in [one.tunnel1_phase1_encryption_algorithms, one.tunnel1_phase2_encryption_algorithms, one.tunnel2_phase1_encryption_algorithms, one.tunnel2_phase2_encryption_algorithms] : algorithms == toset(["AES256-GCM-16"])]]))
    error_message = "No weaker encryption may be agreed on."
  }
}

run "keys_are_in_no_state" {
  command = plan

  assert {
    condition     = alltrue([for one in aws_vpn_connection.this : one.preshared_key_storage == "SecretsManager"])
    error_message = "Pre-shared keys must be in Secrets Manager."
  }
}

run "flink_reaches_kafka_and_nothing_else" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.kafka.from_port == 9096 && aws_vpc_security_group_ingress_rule.kafka.to_port == 9096 && aws_vpc_security_group_ingress_rule.kafka.cidr_ipv4 == "10.128.0.0/24" && aws_vpc_security_group_ingress_rule.kafka.security_group_id == var.kafka_security_group_id
    error_message = "Only the port of Kafka with SCRAM and TLS may be open, to the machines of Flink."
  }
  assert {
    condition     = toset([for one in aws_vpn_gateway_route_propagation.this : one.route_table_id]) == toset(["rtb-a", "rtb-b", "rtb-c"])
    error_message = "Answers must find their way from all private subnets."
  }
}

run "a_wide_range_is_refused" {
  command = plan

  variables {
    peer_range = "10.0.0.0/8"
  }
  expect_failures = [var.peer_range]
}

run "one_address_is_refused" {
  command = plan

  variables {
    peer_addresses = ["203.0.113.1"]
  }
  expect_failures = [var.peer_addresses]
}
