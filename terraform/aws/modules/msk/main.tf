# Kafka: three brokers, one in each zone, by TLS only. Nodes sign in with SCRAM, the Lambda function with IAM. Topics are made by the
# nodes that use them (streams/kafka/kafka.driver.ts), with the settings of KAFKA_REPLICATION and STREAM_PARTITIONS.

locals {
  server_properties = merge(local.defaults, var.needs_rights ? { "allow.everyone.if.no.acl.found" = "false" } : {})

  defaults = {
    "auto.create.topics.enable"                = "false"
    "default.replication.factor"               = "3"
    "min.insync.replicas"                      = "2"
    "unclean.leader.election.enable"           = "false"
    "offsets.topic.replication.factor"         = "3"
    "transaction.state.log.replication.factor" = "3"
    "transaction.state.log.min.isr"            = "2"
    "log.retention.hours"                      = "168"
  }
}

resource "aws_cloudwatch_log_group" "brokers" {
  name              = "/${var.name}/kafka"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn
}

# Another version of Kafka replaces it, and the next one is made before this one is gone: each has a name of its own.
resource "aws_msk_configuration" "this" {
  name              = "${var.name}-${replace(var.kafka_version, ".", "-")}"
  kafka_versions    = [var.kafka_version]
  server_properties = join("\n", [for key, value in local.server_properties : "${key}=${value}"])

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-kafka"
  description = "Kafka, for machines of the cluster and event sources of Lambda"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-kafka" }
}

resource "aws_vpc_security_group_ingress_rule" "scram" {
  for_each = var.client_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "SCRAM by TLS from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 9096
  to_port                      = 9096
}

# The pollers of an event source have the security group of the brokers.
resource "aws_vpc_security_group_ingress_rule" "iam" {
  security_group_id            = aws_security_group.this.id
  description                  = "IAM by TLS from event sources"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 9098
  to_port                      = 9098
}

# The pollers reach the brokers, and services of AWS.
resource "aws_vpc_security_group_egress_rule" "iam" {
  security_group_id            = aws_security_group.this.id
  description                  = "Event sources to brokers"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 9098
  to_port                      = 9098
}

resource "aws_vpc_security_group_egress_rule" "aws" {
  security_group_id = aws_security_group.this.id
  description       = "Event sources to services of AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_msk_cluster" "this" {
  cluster_name           = var.name
  kafka_version          = var.kafka_version
  number_of_broker_nodes = length(var.private_subnet_ids)
  enhanced_monitoring    = "PER_BROKER"

  broker_node_group_info {
    client_subnets  = var.private_subnet_ids
    instance_type   = var.broker_type
    security_groups = [aws_security_group.this.id]

    connectivity_info {
      public_access {
        type = "DISABLED"
      }
    }

    storage_info {
      ebs_storage_info {
        volume_size = var.broker_storage_gib
      }
    }
  }

  client_authentication {
    unauthenticated = false

    sasl {
      scram = true
      iam   = true
    }
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = var.data_key_arn

    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.this.arn
    revision = aws_msk_configuration.this.latest_revision
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.brokers.name
      }
    }
  }

  # Storage grows by itself.
  lifecycle {
    ignore_changes = [broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]
  }
}
