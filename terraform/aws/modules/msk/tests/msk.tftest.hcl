mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                   = "moleculer-commerce-test"
  vpc_id                 = "vpc-0123456789abcdef0"
  private_subnet_ids     = ["subnet-1", "subnet-2", "subnet-3"]
  client_security_groups = { cluster = "sg-cluster" }
  broker_type            = "kafka.m7g.large"
  broker_storage_gib     = 100
  scram_secret_arns = {
    order = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_moleculer-commerce-test-order-abcdef"
  }
  data_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/data"
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

run "nothing_goes_unencrypted" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].in_cluster
    error_message = "Brokers must take TLS only."
  }
  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_at_rest_kms_key_arn == var.data_key_arn
    error_message = "Messages must be encrypted with our key."
  }
}

run "only_users_of_ours_connect_from_the_vpc" {
  command = plan

  assert {
    condition     = !aws_msk_cluster.this.client_authentication[0].unauthenticated && aws_msk_cluster.this.client_authentication[0].sasl[0].scram && aws_msk_cluster.this.client_authentication[0].sasl[0].iam
    error_message = "Clients must sign in, by SCRAM or IAM."
  }
  assert {
    condition     = aws_msk_cluster.this.broker_node_group_info[0].connectivity_info[0].public_access[0].type == "DISABLED"
    error_message = "Brokers must have no public address."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.scram : rule.from_port == 9096 && rule.to_port == 9096 && rule.cidr_ipv4 == null])
    error_message = "The port of SCRAM must be open to the given security groups only."
  }
  assert {
    condition     = jsondecode(aws_secretsmanager_secret_policy.kafka["order"].policy).Statement[0].Resource == var.scram_secret_arns.order && length(aws_msk_single_scram_secret_association.this) == 1
    error_message = "Kafka must read the password of each user, and only that."
  }
}

run "a_message_that_was_acknowledged_is_kept" {
  command = apply

  assert {
    condition     = aws_msk_cluster.this.number_of_broker_nodes == 3
    error_message = "There must be a broker in each of three zones."
  }
  assert {
    condition     = alltrue([for line in ["auto.create.topics.enable=false", "min.insync.replicas=2", "default.replication.factor=3", "unclean.leader.election.enable=false"] : contains(split("\n", aws_msk_configuration.this.server_properties), line)])
    error_message = "Two of three copies must be stored before a message is acknowledged, and topics are made by the shop only."
  }
  assert {
    condition     = aws_msk_cluster.this.logging_info[0].broker_logs[0].cloudwatch_logs[0].enabled && aws_cloudwatch_log_group.brokers.kms_key_id == var.logs_key_arn
    error_message = "Logs of brokers must be kept, encrypted."
  }
  assert {
    condition     = endswith(split(",", output.bootstrap_brokers)[0], ":9096")
    error_message = "KAFKA_BROKERS must be the addresses for SCRAM."
  }
}

run "another_version_has_another_configuration" {
  command = plan

  variables {
    kafka_version = "3.9.x"
  }
  assert {
    condition     = aws_msk_configuration.this.name == "moleculer-commerce-test-3-9-x" && aws_msk_configuration.this.kafka_versions == toset(["3.9.x"])
    error_message = "The next configuration is made before the last one is gone, so both need a name."
  }
}

run "a_user_without_a_right_is_refused_once_rights_are_set" {
  command = plan

  variables {
    needs_rights = true
  }
  assert {
    condition     = contains(split("\n", aws_msk_configuration.this.server_properties), "allow.everyone.if.no.acl.found=false")
    error_message = "Users must be refused what they have no right on."
  }
}

run "rights_can_be_set_before" {
  command = plan

  assert {
    condition     = !strcontains(aws_msk_configuration.this.server_properties, "allow.everyone")
    error_message = "Without any rights, somebody has to be able to set them."
  }
}

run "secrets_that_kafka_cannot_read_are_refused" {
  command = plan

  variables {
    scram_secret_arns = { order = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:order-abcdef" }
  }
  expect_failures = [var.scram_secret_arns]
}

run "two_zones_are_refused" {
  command = plan

  variables {
    private_subnet_ids = ["subnet-1", "subnet-2"]
  }
  expect_failures = [var.private_subnet_ids]
}
