output "bucket_names" {
  description = "Names of the buckets by what they hold"
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket }
}

output "bucket_arns" {
  description = "ARNs of the buckets by what they hold"
  value       = local.arns
}

output "load_balancer_log_attributes" {
  description = "Attributes of a load balancer that writes its logs here"
  value       = "access_logs.s3.enabled=true,access_logs.s3.bucket=${aws_s3_bucket.this["logs"].bucket},access_logs.s3.prefix=${var.load_balancer_log_prefix}"
}
