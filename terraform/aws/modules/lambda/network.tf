# The function is in the private subnets: it reaches Postgres, the bus, and services of AWS and SES by HTTPS. The bus is in the cluster,
# behind a load balancer of its own (k8s/components/bus-load-balancer), under a name that its certificate has.

locals {
  bus_host = "nats.${var.bus.zone}"

  destinations = {
    https    = { range = "0.0.0.0/0", port = 443, what = "Services of AWS" }
    postgres = { range = var.network.database_range, port = 5432, what = "Postgres" }
    bus      = { range = var.network.private_range, port = 4222, what = "The bus" }
  }
}

resource "aws_security_group" "this" {
  for_each = local.one

  name        = local.function_name
  description = "The notification function"
  vpc_id      = var.network.vpc_id

  tags = { Name = local.function_name }

  # Lambda removes the function's network interfaces with the function's role, minutes after the function is gone, and a group that is
  # in use cannot be deleted: the rights have to outlive the group.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { for name, destination in local.destinations : name => destination if var.enabled }

  security_group_id = aws_security_group.this["notification"].id
  description       = each.value.what
  cidr_ipv4         = each.value.range
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_route53_zone" "bus" {
  for_each = local.one

  name    = var.bus.zone
  comment = "Names within the VPC"

  vpc {
    vpc_id = var.network.vpc_id
  }
}

# The load balancer is there after the component was applied only. Its controller names it and gives it these tags, so that clusters and
# environments of one account never meet.
data "aws_lb" "bus" {
  for_each = var.bus.exists ? local.one : toset([])

  tags = {
    "elbv2.k8s.aws/cluster" = var.bus.cluster
    "service.k8s.aws/stack" = var.bus.service
  }
}

resource "aws_route53_record" "bus" {
  for_each = var.bus.exists ? local.one : toset([])

  zone_id = aws_route53_zone.bus[each.key].zone_id
  name    = local.bus_host
  type    = "A"

  alias {
    name                   = data.aws_lb.bus[each.key].dns_name
    zone_id                = data.aws_lb.bus[each.key].zone_id
    evaluate_target_health = true
  }
}
