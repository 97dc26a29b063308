mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name               = "moleculer-commerce-test"
  vpc_id             = "vpc-0123456789abcdef0"
  private_range      = "10.0.32.0/19"
  host               = "shop.example"
  log_attributes     = "access_logs.s3.enabled=true,access_logs.s3.bucket=logs,access_logs.s3.prefix=alb"
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

run "customers_reach_the_load_balancer_and_it_reaches_gateways_only" {
  command = plan

  assert {
    condition     = join(" ", [for rule in aws_vpc_security_group_ingress_rule.customers : rule.from_port]) == "80 443"
    error_message = "Only the ports of HTTP and HTTPS may be open."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.gateways.cidr_ipv4 == "10.0.32.0/19" && aws_vpc_security_group_egress_rule.gateways.from_port == 8080
    error_message = "The load balancer may reach gateways in the private subnets only."
  }
}

run "requests_are_filtered_and_limited" {
  command = plan

  assert {
    condition     = length([for rule in aws_wafv2_web_acl.this.rule : rule if length(rule.statement[0].managed_rule_group_statement) == 1]) == 4
    error_message = "The sets of rules of AWS must be there."
  }
  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : one(rule.statement[0].rate_based_statement[*].limit) if rule.name == "rate-limit"]) == 2000
    error_message = "There must be a limit of requests from one address."
  }
  assert {
    condition     = length(distinct([for rule in aws_wafv2_web_acl.this.rule : rule.priority])) == 5
    error_message = "Each rule must have a priority of its own."
  }
  assert {
    condition     = aws_wafv2_web_acl_logging_configuration.this.redacted_fields[0].single_header[0].name == "authorization"
    error_message = "Tokens must not be logged."
  }
}

run "annotations_name_certificate_firewall_and_log" {
  command = apply

  assert {
    condition     = output.ingress_annotations["alb.ingress.kubernetes.io/certificate-arn"] == "arn:aws:acm:eu-central-1:123456789012:certificate/mocked"
    error_message = "The Ingress must name the certificate."
  }
  assert {
    condition     = output.ingress_annotations["alb.ingress.kubernetes.io/ssl-policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "The load balancer must speak TLS 1.3, and 1.2 at least."
  }
  assert {
    condition     = strcontains(output.ingress_annotations["alb.ingress.kubernetes.io/load-balancer-attributes"], "routing.http.drop_invalid_header_fields.enabled=true") && strcontains(output.ingress_annotations["alb.ingress.kubernetes.io/load-balancer-attributes"], "access_logs.s3.enabled=true")
    error_message = "The load balancer must drop invalid headers and log requests."
  }
  assert {
    condition     = length(aws_route53_record.entry) == 0 && length(aws_acm_certificate_validation.this) == 0
    error_message = "Without a zone there are no records."
  }
}

run "a_zone_gets_its_records_once_there_is_a_load_balancer" {
  command = apply

  variables {
    zone_id              = "Z0123456789ABCDEFGHIJ"
    load_balancer_exists = true
  }
  assert {
    condition     = aws_route53_record.entry["shop.example"].alias[0].name == "shop.eu-central-1.elb.amazonaws.com" && aws_route53_record.validation["shop.example"].name == "_mocked.shop.example."
    error_message = "The host must lead to the load balancer, and prove the certificate."
  }
}

run "a_host_with_a_path_is_refused" {
  command = plan

  variables {
    host = "https://shop.example"
  }
  expect_failures = [var.host]
}
