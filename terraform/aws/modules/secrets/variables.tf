variable "name" {
  type        = string
  description = "Begins the names of all resources, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,31}$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "prefix" {
  type        = string
  description = "Begins the names of secrets that the External Secrets operator reads"

  validation {
    condition     = can(regex("^[a-z-]+/[a-z]+/$", var.prefix))
    error_message = "prefix must be such as moleculer-commerce/production/."
  }
}

variable "database" {
  type        = object({ host = string, port = number, name = string })
  description = "Where Postgres is"

  validation {
    condition     = var.database.port > 0 && length(var.database.host) > 0 && can(regex("^[a-z_]+$", var.database.name))
    error_message = "database must have a host, a port and the name of a database."
  }
}

variable "versions" {
  type        = map(number)
  description = "Versions of secrets by their last name, of Kafka kafka-<user>; a greater number makes a new value, and so does taking one away"
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.versions) : contains(keys(local.members), name) || contains([for user in local.kafka_users : "kafka-${user}"], name)])
    error_message = "versions must be of a secret that Terraform writes: migrate, token, a service, nats-<user of the bus> or kafka-<user of Kafka>."
  }

  validation {
    condition     = alltrue([for version in values(var.versions) : version >= 1])
    error_message = "versions must be 1 or more."
  }
}

variable "recovery_days" {
  type        = number
  description = "Days for which a deleted secret can be restored; 0 removes it at once"
  default     = 30

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "recovery_days must be 0, or 7 to 30."
  }
}

variable "secrets_key_arn" {
  type        = string
  description = "KMS key that encrypts secrets: a customer-managed one, because Kafka takes no other"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.secrets_key_arn))
    error_message = "secrets_key_arn must be the ARN of a KMS key."
  }
}

variable "other_kafka_users" {
  type        = set(string)
  description = "Users of Kafka that are no services of the shop, such as administrator and flink"
  default     = []

  validation {
    condition     = alltrue([for user in var.other_kafka_users : can(regex("^[a-z]+$", user))])
    error_message = "other_kafka_users must be lower-case letters."
  }
}
