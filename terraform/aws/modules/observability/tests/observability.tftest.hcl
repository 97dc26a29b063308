mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name               = "moleculer-commerce-test"
  environment        = "production"
  account            = { id = "123456789012", region = "eu-central-1", partition = "aws" }
  emails             = ["operators@shop.example"]
  monthly_budget_usd = 1500
  database           = { identifier = "shop", storage_gib = 100, max_connections = 400 }
  kafka              = { cluster_name = "shop", brokers = 3 }
  nat_gateway_ids    = { eu-central-1a = "nat-1" }
  messages_key_arn   = "arn:aws:kms:eu-central-1:123456789012:key/messages"
}

run "alarms_reach_people" {
  command = apply

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == var.messages_key_arn && aws_sns_topic_subscription.people["operators@shop.example"].protocol == "email"
    error_message = "Alarms must be encrypted, and reach the given addresses."
  }
  assert {
    condition     = alltrue([for alarm in merge(aws_cloudwatch_metric_alarm.database, aws_cloudwatch_metric_alarm.kafka, aws_cloudwatch_metric_alarm.nat) : contains(alarm.alarm_actions, "arn:aws:sns:eu-central-1:123456789012:mocked")])
    error_message = "Each alarm must go to the topic."
  }
  assert {
    condition     = jsondecode(aws_sns_topic_policy.alarms.policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Only alarms of this account may be published."
  }
}

run "money_is_watched" {
  command = plan

  assert {
    condition     = aws_budgets_budget.month.limit_amount == "1500" && aws_budgets_budget.month.time_unit == "MONTHLY" && length(aws_budgets_budget.month.notification) == 2
    error_message = "The budget must report what was spent and what is expected."
  }
  assert {
    condition     = one(aws_budgets_budget.month.cost_filter).values[0] == "user:Environment$production"
    error_message = "The budget must be that of this environment."
  }
}

run "servers_are_watched" {
  command = plan

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.database)) == "database-connections database-cpu database-memory database-storage"
    error_message = "Postgres must be watched: storage, processor, memory, connections."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.database["database-connections"].threshold == 340
    error_message = "The alarm of connections must come before the limit."
  }
  assert {
    condition     = contains(aws_db_event_subscription.database.event_categories, "failover")
    error_message = "A standby that takes over must be reported."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.kafka["kafka-offline-partitions"].threshold == 0 && aws_cloudwatch_metric_alarm.kafka["kafka-disk-3"].dimensions["Broker ID"] == "3" && length(aws_cloudwatch_metric_alarm.kafka) == 7
    error_message = "Kafka must be watched, and each broker by itself."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.nat) == 2 && length(aws_cloudwatch_metric_alarm.entry) == 0
    error_message = "NAT must be watched, and the load balancer once there is one."
  }
}

run "the_load_balancer_is_watched_once_there_is_one" {
  command = plan

  variables {
    load_balancer_suffix = "app/shop/0123456789abcdef"
  }
  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.entry)) == "entry-errors entry-latency entry-rejected entry-target-errors" && aws_cloudwatch_metric_alarm.entry["entry-latency"].extended_statistic == "p99"
    error_message = "Errors and latency of the load balancer must raise an alarm."
  }
}

run "an_address_that_is_none_is_refused" {
  command = plan

  variables {
    emails = ["operators"]
  }
  expect_failures = [var.emails]
}
