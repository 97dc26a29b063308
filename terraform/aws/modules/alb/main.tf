# What the load balancer of the Ingress needs. The AWS Load Balancer Controller makes the load balancer itself; its annotations name
# what is here (docs/decisions/0045).

locals {
  validation = tolist(aws_acm_certificate.this.domain_validation_options)[0]

  # Nothing that depends on a zone is made without one.
  zones = var.zone_id == null ? {} : { (var.host) = var.zone_id }
}

resource "aws_acm_certificate" "this" {
  domain_name       = var.host
  validation_method = "DNS"
  key_algorithm     = "EC_prime256v1"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = local.zones

  zone_id = each.value
  name    = local.validation.resource_record_name
  type    = local.validation.resource_record_type
  records = [local.validation.resource_record_value]
  ttl     = 300
}

resource "aws_acm_certificate_validation" "this" {
  for_each = local.zones

  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.validation[each.key].fqdn]
}

# It is the entry for customers, so 80 (which redirects) and 443 are open to all; behind it only the gateway is reached.
resource "aws_security_group" "this" {
  name        = "${var.name}-entry"
  description = "Load balancer of the shop"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-entry" }
}

resource "aws_vpc_security_group_ingress_rule" "customers" {
  for_each = { http = 80, https = 443 }

  security_group_id = aws_security_group.this.id
  description       = "Customers by ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "gateways" {
  security_group_id = aws_security_group.this.id
  description       = "Gateways of the shop"
  cidr_ipv4         = var.private_range
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
}

# The load balancer is there after the first deployment only.
data "aws_lb" "this" {
  for_each = var.load_balancer_exists ? toset([var.name]) : toset([])

  name = substr(each.key, 0, 32)
}

resource "aws_route53_record" "entry" {
  for_each = var.load_balancer_exists ? local.zones : {}

  zone_id = each.value
  name    = var.host
  type    = "A"

  alias {
    name                   = data.aws_lb.this[var.name].dns_name
    zone_id                = data.aws_lb.this[var.name].zone_id
    evaluate_target_health = true
  }
}
