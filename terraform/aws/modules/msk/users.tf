# A user of Kafka for each service that has the event log. Passwords are in secrets whose names Kafka asks for
# (`AmazonMSK_`), which the module secrets makes.

resource "aws_msk_single_scram_secret_association" "this" {
  for_each = var.scram_secret_arns

  cluster_arn = aws_msk_cluster.this.arn
  secret_arn  = each.value

  depends_on = [aws_secretsmanager_secret_policy.kafka]
}

resource "aws_secretsmanager_secret_policy" "kafka" {
  for_each = var.scram_secret_arns

  secret_arn = each.value

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AWSKafkaResourcePolicy"
      Effect    = "Allow"
      Principal = { Service = "kafka.amazonaws.com" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = each.value
    }]
  })
}
