# The function's rights: what the notification service calls (`policy`, the same as that of its pods), its secrets, and its event
# sources. A test compares them with the commands in lambda/ and services/notification/.

locals {
  # arn:aws:kafka:region:account:cluster/name/uuid → topic/name/uuid/topic
  kafka_topics = [for topic in var.kafka.topics : "${replace(var.kafka.cluster_arn, ":cluster/", ":topic/")}/${topic}"]
  kafka_groups = [for topic in var.kafka.topics : "${replace(var.kafka.cluster_arn, ":cluster/", ":group/")}/${local.function_name}-${topic}"]
  ec2          = "arn:${var.account.partition}:ec2:${var.account.region}:${var.account.id}"

  source_statements = {
    for name in local.one : name => concat([
      {
        Sid      = "WriteOwnLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.function[name].arn}:*"]
      },
      {
        Sid      = "ReadRequests"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = [aws_sqs_queue.requests[name].arn]
      },
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = var.secrets.arns
      },
      {
        Sid       = "DecryptSecrets"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.secrets.key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.account.region}.amazonaws.com" } }
      },
      {
        Sid      = "KeepDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.failed[name].arn]
      },
      {
        Sid      = "DecryptSettingsAndRequests"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.data_key_arn, var.messages_key_arn]
      },
      {
        Sid      = "FindBrokers"
        Effect   = "Allow"
        Action   = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"]
        Resource = [var.kafka.cluster_arn]
      },
      {
        Sid      = "ConnectToBrokers"
        Effect   = "Allow"
        Action   = ["kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"]
        Resource = [var.kafka.cluster_arn]
      },
      {
        Sid      = "ReadTopics"
        Effect   = "Allow"
        Action   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
        Resource = local.kafka_topics
      },
      {
        Sid      = "KeepPositions"
        Effect   = "Allow"
        Action   = ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"]
        Resource = local.kafka_groups
      },
      {
        # The pollers are in the subnets of the brokers.
        Sid      = "SeeNetworks"
        Effect   = "Allow"
        Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
        Resource = ["*"]
      },
      {
        Sid      = "JoinTheNetworkOfBrokers"
        Effect   = "Allow"
        Action   = ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
        Resource = ["${local.ec2}:network-interface/*", "${local.ec2}:subnet/*", "${local.ec2}:security-group/*"]
      }
      ], var.tracing ? [{
        Sid      = "SendTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = ["*"]
    }] : [])
  }
}

resource "aws_iam_role" "function" {
  for_each = local.one

  name = local.function_name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.one

  name   = "event-sources"
  role   = aws_iam_role.function[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.source_statements[each.key] })
}

resource "aws_iam_role_policy" "messages" {
  for_each = local.one

  name   = "messages"
  role   = aws_iam_role.function[each.key].id
  policy = var.policy
}
