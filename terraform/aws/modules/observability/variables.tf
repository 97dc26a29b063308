variable "name" {
  type        = string
  description = "Begins the names of all resources, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,31}$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "environment" {
  type        = string
  description = "Environment, by which costs are tagged"

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "environment must be dev, staging or production."
  }
}

variable "account" {
  type        = object({ id = string, region = string, partition = string })
  description = "Account, region and partition that ARNs name"

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account.id)) && can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.account.region))
    error_message = "account must have an id of 12 digits and the code of a region, such as eu-central-1."
  }
}

variable "emails" {
  type        = set(string)
  description = "Addresses that get alarms and reports of the budget"

  validation {
    condition     = length(var.emails) > 0 && alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", email))])
    error_message = "emails must be one address or more, such as operators@shop.example."
  }
}

variable "monthly_budget_usd" {
  type        = number
  description = "What the environment may cost in a month, in USD"

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd must be more than 0."
  }
}

variable "database" {
  type        = object({ identifier = string, storage_gib = number, max_connections = number })
  description = "Server of Postgres, and its limits"

  validation {
    condition     = var.database.storage_gib > 0 && var.database.max_connections > 0
    error_message = "database must have limits above 0."
  }
}

variable "kafka" {
  type        = object({ cluster_name = string, brokers = number })
  description = "Cluster of Kafka"

  validation {
    condition     = var.kafka.brokers >= 1
    error_message = "kafka.brokers must be 1 or more."
  }
}

variable "nat_gateway_ids" {
  type        = map(string)
  description = "NAT gateways by zone"

  validation {
    condition     = length(var.nat_gateway_ids) > 0
    error_message = "nat_gateway_ids must have a gateway at least."
  }
}

variable "load_balancer_suffix" {
  type        = string
  description = "By which metrics of the load balancer are found; null before there is one"
  default     = null

  validation {
    condition     = var.load_balancer_suffix == null || can(regex("^app/", var.load_balancer_suffix))
    error_message = "load_balancer_suffix must begin with app/."
  }
}

variable "messages_key_arn" {
  type        = string
  description = "KMS key that encrypts alarms"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.messages_key_arn))
    error_message = "messages_key_arn must be the ARN of a KMS key."
  }
}
