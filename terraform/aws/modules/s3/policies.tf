# TLS for all; and who delivers logs.

locals {
  arns = { for name, bucket in aws_s3_bucket.this : name => "arn:${var.account.partition}:s3:::${bucket.bucket}" }

  tls_only = {
    for name, arn in local.arns : name => [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [arn, "${arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }

  log_delivery = [
    {
      Sid       = "LoadBalancerLogs"
      Effect    = "Allow"
      Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = ["${local.arns.logs}/${var.load_balancer_log_prefix}/AWSLogs/${var.account.id}/*"]
      Condition = { StringEquals = { "aws:SourceAccount" = var.account.id } }
    },
    {
      Sid       = "BucketLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = ["${local.arns.logs}/s3/*"]
      Condition = { StringEquals = { "aws:SourceAccount" = var.account.id } }
    }
  ]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.tls_only[each.key], each.key == "logs" ? local.log_delivery : [])
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
