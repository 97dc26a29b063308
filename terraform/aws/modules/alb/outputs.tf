output "certificate_arn" {
  description = "Certificate of the host"
  value       = aws_acm_certificate.this.arn
}

output "validation_record" {
  description = "Record of DNS that proves the host, which is made by hand without a zone"
  value       = { name = local.validation.resource_record_name, type = local.validation.resource_record_type, value = local.validation.resource_record_value }
}

output "web_acl_arn" {
  description = "Rules before the load balancer"
  value       = aws_wafv2_web_acl.this.arn
}

output "security_group_id" {
  description = "Security group of the load balancer"
  value       = aws_security_group.this.id
}

output "load_balancer_suffix" {
  description = "By which metrics of the load balancer are found; null before there is one"
  value       = one([for balancer in data.aws_lb.this : balancer.arn_suffix])
}

output "ingress_annotations" {
  description = "Annotations of the Ingress (k8s/overlays)"
  value = {
    "alb.ingress.kubernetes.io/certificate-arn"                     = aws_acm_certificate.this.arn
    "alb.ingress.kubernetes.io/load-balancer-attributes"            = "idle_timeout.timeout_seconds=60,routing.http.drop_invalid_header_fields.enabled=true,${var.log_attributes}"
    "alb.ingress.kubernetes.io/load-balancer-name"                  = substr(var.name, 0, 32)
    "alb.ingress.kubernetes.io/manage-backend-security-group-rules" = "true"
    "alb.ingress.kubernetes.io/security-groups"                     = aws_security_group.this.id
    "alb.ingress.kubernetes.io/ssl-policy"                          = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    "alb.ingress.kubernetes.io/wafv2-acl-arn"                       = aws_wafv2_web_acl.this.arn
  }
}
