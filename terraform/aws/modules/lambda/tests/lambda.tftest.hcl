mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name    = "moleculer-commerce-test"
  account = { id = "123456789012", region = "eu-central-1", partition = "aws" }
  package = { bucket = "packages", key = "notification.zip" }
  environment = {
    MAIL_DRIVER = "ses"
  }
  policy = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  kafka = {
    cluster_arn = "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/0-1"
    topics      = ["orders", "notifications"]
  }
  network = {
    vpc_id         = "vpc-0123456789abcdef0"
    subnet_ids     = ["subnet-a", "subnet-b", "subnet-c"]
    private_range  = "10.0.32.0/19"
    database_range = "10.0.64.0/20"
  }
  bus = { zone = "moleculer-commerce-test.internal", cluster = "moleculer-commerce-test", service = "shop/nats-entry" }
  secrets = {
    arns    = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:notification"]
    key_arn = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
    written = ["version-a", "version-b"]
  }
  alarm_topic_arn    = "arn:aws:sns:eu-central-1:123456789012:alarms"
  data_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/data"
  messages_key_arn   = "arn:aws:kms:eu-central-1:123456789012:key/messages"
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

run "there_is_nothing_unless_it_is_switched_on" {
  command = plan

  assert {
    condition     = length(aws_lambda_function.this) + length(aws_lambda_event_source_mapping.kafka) + length(aws_lambda_event_source_mapping.queue) + length(aws_cloudwatch_event_rule.this) + length(aws_cloudwatch_metric_alarm.function) == 0
    error_message = "Nodes send messages by default."
  }
}

run "no_event_is_lost" {
  command = apply

  variables {
    enabled = true
  }
  assert {
    condition     = join(" ", keys(aws_lambda_event_source_mapping.kafka)) == "notifications orders" && alltrue([for source in aws_lambda_event_source_mapping.kafka : contains(source.function_response_types, "ReportBatchItemFailures") && length(source.provisioned_poller_config) == 1 && source.starting_position == "TRIM_HORIZON"])
    error_message = "Each topic must be read from its beginning, with reports of single messages."
  }
  assert {
    condition     = contains(aws_lambda_event_source_mapping.queue["notification"].function_response_types, "ReportBatchItemFailures") && jsondecode(aws_sqs_queue.requests["notification"].redrive_policy).maxReceiveCount == 7
    error_message = "A request that fails seven times must go to the queue of failed ones."
  }
  assert {
    condition     = aws_sqs_queue.requests["notification"].visibility_timeout_seconds == 6 * aws_lambda_function.this["notification"].timeout
    error_message = "A request must stay invisible for six times the function's limit."
  }
  assert {
    condition     = alltrue([for source in aws_lambda_event_source_mapping.kafka : source.maximum_retry_attempts == -1 && length(source.destination_config) == 0])
    error_message = "Events of Kafka must wait for a table that is away, however long: a destination would end that after ten times."
  }
  assert {
    condition     = aws_cloudwatch_event_rule.due["notification"].schedule_expression == "rate(1 minute)" && aws_cloudwatch_event_target.this["notification"].arn == aws_sqs_queue.requests["notification"].arn
    error_message = "Messages that wait must be sent every minute, and events of EventBridge go through the queue, which repeats them."
  }
  assert {
    condition     = aws_cloudwatch_event_target.this["notification"].dead_letter_config[0].arn == "arn:aws:sqs:eu-central-1:123456789012:mocked" && aws_lambda_permission.events["notification"].source_account == "123456789012"
    error_message = "Events of EventBridge that fail must go to the queue of failed ones."
  }
}

run "a_failed_minute_of_the_schedule_is_no_failed_event" {
  command = apply

  variables {
    enabled = true
  }
  assert {
    condition     = length(aws_lambda_function.this["notification"].dead_letter_config) == 0 && length(aws_lambda_function_event_invoke_config.this["notification"].destination_config) == 0 && aws_lambda_function_event_invoke_config.this["notification"].maximum_retry_attempts == 0
    error_message = "Each minute without a table would put one more message into the queue of failed events."
  }
  assert {
    condition     = aws_cloudwatch_event_target.due["notification"].arn == aws_lambda_function.this["notification"].arn && length(aws_cloudwatch_event_target.due["notification"].dead_letter_config) == 0
    error_message = "The schedule must invoke the function, and keep nothing that failed."
  }
}

run "the_queue_leaves_copies_for_the_topics_and_the_schedule" {
  command = plan

  variables {
    enabled = true
  }
  assert {
    condition     = aws_lambda_event_source_mapping.queue["notification"].scaling_config[0].maximum_concurrency == 2 && var.concurrency >= 2 + length(var.kafka.topics) + 1
    error_message = "Messages of the queue that are throttled would count as failed."
  }
}

run "too_few_copies_are_refused" {
  command = plan

  variables {
    concurrency = 4
  }
  expect_failures = [var.concurrency]
}

run "settings_queues_and_logs_are_encrypted" {
  command = apply

  variables {
    enabled = true
  }
  assert {
    condition     = aws_lambda_function.this["notification"].kms_key_arn == var.data_key_arn && aws_cloudwatch_log_group.function["notification"].kms_key_id == var.logs_key_arn && aws_cloudwatch_log_group.function["notification"].retention_in_days == 30
    error_message = "Settings and logs must be encrypted with our keys."
  }
  assert {
    condition     = aws_sqs_queue.requests["notification"].kms_master_key_id == var.messages_key_arn && aws_sqs_queue.failed["notification"].kms_master_key_id == var.messages_key_arn
    error_message = "Queues must be encrypted with our key."
  }
  assert {
    condition     = aws_lambda_function.this["notification"].reserved_concurrent_executions == 5
    error_message = "There must be a limit of copies at one time, within which SES takes messages."
  }
}

run "the_role_may_read_its_sources_only" {
  command = apply

  variables {
    enabled = true
  }
  assert {
    condition     = toset(flatten([for statement in jsondecode(output.source_policy).Statement : statement.Action if contains(statement.Resource, "*")])) == toset(["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"])
    error_message = "Only actions without resources may have all of them."
  }
  assert {
    condition     = one([for statement in jsondecode(output.source_policy).Statement : join(" ", statement.Resource) if statement.Sid == "ReadTopics"]) == "arn:aws:kafka:eu-central-1:123456789012:topic/shop/0-1/orders arn:aws:kafka:eu-central-1:123456789012:topic/shop/0-1/notifications"
    error_message = "The function may read its two topics only."
  }
}

run "it_reaches_postgres_the_bus_and_aws_only" {
  command = apply

  variables {
    enabled = true
    bus     = { zone = "moleculer-commerce-test.internal", cluster = "moleculer-commerce-test", service = "shop/nats-entry", exists = true }
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.this : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"]) == toset(["0.0.0.0/0 443-443", "10.0.64.0/20 5432-5432", "10.0.32.0/19 4222-4222"])
    error_message = "The function may connect to Postgres, the bus and services of AWS only."
  }
  assert {
    condition     = length(aws_lambda_function.this["notification"].vpc_config[0].subnet_ids) == 3
    error_message = "The function must be in the private subnets."
  }
  assert {
    condition     = data.aws_lb.bus["notification"].tags == tomap({ "elbv2.k8s.aws/cluster" = "moleculer-commerce-test", "service.k8s.aws/stack" = "shop/nats-entry" })
    error_message = "The load balancer must be that of this cluster and this namespace."
  }
  assert {
    condition     = aws_route53_record.bus["notification"].name == "nats.moleculer-commerce-test.internal" && output.bus_host == "nats.moleculer-commerce-test.internal"
    error_message = "The bus must have the name of its certificate."
  }
}

run "secrets_are_read_by_the_function_and_are_no_variables" {
  command = apply

  variables {
    enabled = true
  }
  assert {
    condition     = aws_lambda_function.this["notification"].environment[0].variables["SECRET_IDS"] == var.secrets.arns[0] && aws_lambda_function.this["notification"].environment[0].variables["DEAD_LETTER_QUEUE_URL"] == "https://sqs.eu-central-1.amazonaws.com/123456789012/mocked"
    error_message = "The function must know its secrets by their names, and the queue of dead letters."
  }
  assert {
    condition     = alltrue([for name in keys(aws_lambda_function.this["notification"].environment[0].variables) : !can(regex("PASSWORD|_URL$", name)) || contains(["DEAD_LETTER_QUEUE_URL", "NATS_URL", "PUBLIC_URL"], name)]) && aws_lambda_function.this["notification"].environment[0].variables["NATS_URL"] == "tls://notification@nats.moleculer-commerce-test.internal:4222"
    error_message = "No secret may be a variable."
  }
  assert {
    condition     = one([for statement in jsondecode(output.source_policy).Statement : join(" ", statement.Resource) if statement.Sid == "ReadSecrets"]) == var.secrets.arns[0]
    error_message = "The function may read its own secrets only."
  }
  assert {
    condition     = aws_lambda_function.this["notification"].description == "Sends messages of the shop to customers version-a version-b"
    error_message = "A new value of its secrets must change the function, whose copies would go on with the old one."
  }
}

run "it_is_watched" {
  command = plan

  variables {
    enabled = true
    tracing = true
  }
  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.function)) == "errors offset-lag throttles" && alltrue([for alarm in aws_cloudwatch_metric_alarm.function : contains(alarm.alarm_actions, var.alarm_topic_arn)])
    error_message = "Errors, throttles and a lag must raise an alarm."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.duration["notification"].threshold == 110000 && aws_cloudwatch_metric_alarm.queue_age["notification"].threshold == 900
    error_message = "Invocations near their limit, and events that wait in the queue, must raise an alarm."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.failed["notification"].threshold == 0
    error_message = "One failed event must raise an alarm."
  }
  assert {
    condition     = aws_lambda_function.this["notification"].tracing_config[0].mode == "Active"
    error_message = "Traces must be on if they are switched on."
  }
}

run "a_package_in_two_places_is_refused" {
  command = plan

  variables {
    package = { path = "notification.zip", bucket = "packages", key = "notification.zip" }
  }
  expect_failures = [var.package]
}

run "an_old_runtime_is_refused" {
  command = plan

  variables {
    runtime = "nodejs18.x"
  }
  expect_failures = [var.runtime]
}
