mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name               = "moleculer-commerce-test"
  account            = { id = "123456789012", region = "eu-central-1", partition = "aws" }
  zones              = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

run "subnets_lie_in_their_ranges_over_three_zones" {
  command = plan

  assert {
    condition     = [for zone in var.zones : aws_subnet.public[zone].cidr_block] == ["10.0.0.0/22", "10.0.4.0/22", "10.0.8.0/22"]
    error_message = "The public subnets must lie in 10.0.0.0/20, one in each zone."
  }
  assert {
    condition     = [for zone in var.zones : aws_subnet.private[zone].cidr_block] == ["10.0.32.0/21", "10.0.40.0/21", "10.0.48.0/21"]
    error_message = "The private subnets must lie in 10.0.32.0/19, one in each zone."
  }
  assert {
    condition     = [for zone in var.zones : aws_subnet.database[zone].cidr_block] == ["10.0.64.0/22", "10.0.68.0/22", "10.0.72.0/22"]
    error_message = "The database subnets must lie in 10.0.64.0/20, one in each zone."
  }
}

run "no_machine_gets_a_public_address" {
  command = plan

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "A machine in a public subnet must not get a public address by itself."
  }
  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "The default security group must allow nothing."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.0.32.0/19"
    error_message = "Endpoints are for the private subnets only."
  }
}

run "one_nat_gateway_by_default" {
  command = apply

  assert {
    condition     = join(" ", keys(aws_nat_gateway.this)) == "eu-central-1a" && length(aws_route.to_nat) == 3
    error_message = "There must be one NAT gateway, which all zones use."
  }
  assert {
    condition     = length(aws_route_table_association.database) == 3 && length(aws_vpc_endpoint.interface) == 0
    error_message = "The database subnets must have a route table of their own, without a way out."
  }
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flows.kms_key_id == var.logs_key_arn && aws_cloudwatch_log_group.flows.retention_in_days == 30
    error_message = "Flow logs must have all traffic, and be encrypted and removed in time."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.flows.policy).Statement[0].Resource == "arn:aws:logs:eu-central-1:123456789012:log-group:mocked:*"
    error_message = "The role of flow logs may write to its own log group only."
  }
}

run "a_nat_gateway_in_each_zone_of_production" {
  command = plan

  variables {
    nat_per_zone        = true
    interface_endpoints = ["ecr.api", "ecr.dkr"]
  }
  assert {
    condition     = join(" ", keys(aws_nat_gateway.this)) == join(" ", var.zones)
    error_message = "Each zone must have its own NAT gateway."
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled]) && length(aws_vpc_endpoint.interface) == 2
    error_message = "Endpoints must be found by the usual names of the services."
  }
}

run "two_zones_are_refused" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }
  expect_failures = [var.zones]
}

run "a_range_that_is_none_is_refused" {
  command = plan

  variables {
    public_range = "10.0.0.0"
  }
  expect_failures = [var.public_range]
}
