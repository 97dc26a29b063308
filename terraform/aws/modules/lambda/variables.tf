variable "name" {
  type        = string
  description = "Begins the names of all resources, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,31}$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter."
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

variable "enabled" {
  type        = bool
  description = "Whether there is a function"
  default     = false
}

variable "network" {
  type        = object({ vpc_id = string, subnet_ids = list(string), private_range = string, database_range = string })
  description = "Private subnets of the function, and the ranges of the bus and of Postgres"

  validation {
    condition     = startswith(var.network.vpc_id, "vpc-") && length(var.network.subnet_ids) >= 2 && can(cidrnetmask(var.network.private_range)) && can(cidrnetmask(var.network.database_range))
    error_message = "network must have the id of a VPC, two subnets at least, and two ranges."
  }
}

variable "bus" {
  type        = object({ zone = string, cluster = string, service = string, exists = optional(bool, false) })
  description = "Private zone in which the bus has the name nats; cluster and Service (namespace/name) of its load balancer (k8s/components/bus-load-balancer), and whether that exists"

  validation {
    condition     = can(regex("^[a-z0-9-]+[.]internal$", var.bus.zone)) && can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.bus.service))
    error_message = "bus.zone must be a name in .internal, and bus.service a namespace and a name: shop/nats-entry."
  }
}

variable "secrets" {
  type        = object({ arns = list(string), key_arn = string, written = optional(list(string), []) })
  description = "Secrets whose members are settings of the function, the KMS key that encrypts them, and the ids of what was written last"

  validation {
    condition     = alltrue([for arn in var.secrets.arns : can(regex("^arn:aws[a-z-]*:secretsmanager:", arn))]) && can(regex("^arn:aws[a-z-]*:kms:", var.secrets.key_arn))
    error_message = "secrets must be ARNs of secrets, and the ARN of a KMS key."
  }
}

variable "package" {
  type        = object({ path = optional(string), bucket = optional(string), key = optional(string) })
  description = "The function as a zip: a path on this machine, or an object of S3"

  validation {
    condition     = (var.package.path == null) != (var.package.bucket == null) && (var.package.bucket == null) == (var.package.key == null)
    error_message = "package must have either a path, or a bucket and a key."
  }
}

variable "runtime" {
  type        = string
  description = "Node of the function"
  default     = "nodejs24.x"

  validation {
    condition     = contains(["nodejs22.x", "nodejs24.x"], var.runtime)
    error_message = "runtime must be nodejs22.x or nodejs24.x."
  }
}

variable "environment" {
  type        = map(string)
  description = "Settings of the function (docs/configuration.md)"

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "environment must have names of settings, such as MAIL_FROM."
  }

  validation {
    condition     = alltrue([for name in keys(var.environment) : !startswith(name, "AWS_")])
    error_message = "environment must have no name that begins with AWS_: Lambda sets AWS_REGION by itself."
  }
}

variable "policy" {
  type        = string
  description = "Rights of the notification service, as JSON"

  validation {
    condition     = can(jsondecode(var.policy).Statement)
    error_message = "policy must be the JSON of a policy, with Statement."
  }
}

variable "kafka" {
  type        = object({ cluster_arn = string, topics = list(string) })
  description = "Cluster and topics whose messages it handles"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kafka:.*:cluster/", var.kafka.cluster_arn)) && length(var.kafka.topics) > 0
    error_message = "kafka must have the ARN of a cluster, and a topic at least."
  }
}

variable "concurrency" {
  type        = number
  description = "Copies of the function that run at one time, at most"
  default     = 5

  validation {
    condition     = var.concurrency >= 5 && var.concurrency <= 100
    error_message = "concurrency must be 5 to 100: two copies for the queue, one for each topic, and one for the schedule."
  }
}

variable "tracing" {
  type        = bool
  description = "Whether the function sends traces to X-Ray"
  default     = false
}

variable "alarm_topic_arn" {
  type        = string
  description = "Topic of SNS that alarms go to"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:sns:", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of a topic of SNS."
  }
}

variable "data_key_arn" {
  type        = string
  description = "KMS key that encrypts the function's settings"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.data_key_arn))
    error_message = "data_key_arn must be the ARN of a KMS key."
  }
}

variable "messages_key_arn" {
  type        = string
  description = "KMS key that encrypts queues"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.messages_key_arn))
    error_message = "messages_key_arn must be the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days for which logs are kept"

  validation {
    condition     = contains([7, 14, 30, 90, 180, 365], var.log_retention_days)
    error_message = "log_retention_days must be 7, 14, 30, 90, 180 or 365."
  }
}

variable "logs_key_arn" {
  type        = string
  description = "KMS key that encrypts logs"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_key_arn))
    error_message = "logs_key_arn must be the ARN of a KMS key."
  }
}
