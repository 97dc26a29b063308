# Alarms of the servers that AWS runs for the shop.

locals {
  is_above = "GreaterThanThreshold"
  is_below = "LessThanThreshold"

  database = {
    database-storage     = { metric = "FreeStorageSpace", compare = local.is_below, threshold = var.database.storage_gib * 1024 * 1024 * 1024 * 0.15, minutes = 15 }
    database-cpu         = { metric = "CPUUtilization", compare = local.is_above, threshold = 80, minutes = 15 }
    database-connections = { metric = "DatabaseConnections", compare = local.is_above, threshold = var.database.max_connections * 0.85, minutes = 5 }
    database-memory      = { metric = "FreeableMemory", compare = local.is_below, threshold = 256 * 1024 * 1024, minutes = 15 }
  }

  kafka = {
    kafka-offline-partitions = { metric = "OfflinePartitionsCount", threshold = 0, minutes = 1, broker = false }
    kafka-under-replicated   = { metric = "UnderReplicatedPartitions", threshold = 0, minutes = 15, broker = true }
    kafka-disk               = { metric = "KafkaDataLogsDiskUsed", threshold = 85, minutes = 15, broker = true }
  }

  # One alarm for each broker where the metric has that dimension.
  kafka_alarms = merge([
    for name, alarm in local.kafka : {
      for id in alarm.broker ? range(1, var.kafka.brokers + 1) : [0] :
      (id == 0 ? name : "${name}-${id}") => merge(alarm, {
        dimensions = merge({ "Cluster Name" = var.kafka.cluster_name }, id == 0 ? {} : { "Broker ID" = tostring(id) })
      })
    }
  ]...)

  entry = {
    entry-errors        = { metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum", threshold = 10, minutes = 5 }
    entry-target-errors = { metric = "HTTPCode_Target_5XX_Count", statistic = "Sum", threshold = 10, minutes = 5 }
    entry-latency       = { metric = "TargetResponseTime", statistic = "p99", threshold = 2, minutes = 10 }
    entry-rejected      = { metric = "RejectedConnectionCount", statistic = "Sum", threshold = 0, minutes = 5 }
  }

  nat = merge([
    for zone, id in var.nat_gateway_ids : {
      "nat-ports-${zone}"   = { metric = "ErrorPortAllocation", id = id }
      "nat-dropped-${zone}" = { metric = "PacketsDropCount", id = id }
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "database" {
  for_each = local.database

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of Postgres"
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBInstanceIdentifier = var.database.identifier }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = each.value.minutes
  comparison_operator = each.value.compare
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "kafka" {
  for_each = local.kafka_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of Kafka"
  namespace           = "AWS/Kafka"
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = each.value.minutes
  comparison_operator = local.is_above
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "entry" {
  for_each = var.load_balancer_suffix == null ? {} : local.entry

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of the load balancer"
  namespace           = "AWS/ApplicationELB"
  metric_name         = each.value.metric
  dimensions          = { LoadBalancer = var.load_balancer_suffix }
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = 60
  evaluation_periods  = each.value.minutes
  comparison_operator = local.is_above
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "nat" {
  for_each = local.nat

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of a NAT gateway"
  namespace           = "AWS/NATGateway"
  metric_name         = each.value.metric
  dimensions          = { NatGatewayId = each.value.id }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = local.is_above
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

# A standby in another zone has no lag to measure: what happens to it is an event.
resource "aws_db_event_subscription" "database" {
  name             = "${var.name}-database"
  sns_topic        = aws_sns_topic.alarms.arn
  source_type      = "db-instance"
  source_ids       = [var.database.identifier]
  event_categories = ["availability", "failover", "failure", "low storage", "recovery"]
}
