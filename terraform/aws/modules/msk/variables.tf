variable "name" {
  type        = string
  description = "Begins the names of all resources, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,31}$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC of the brokers"

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be an id that begins with vpc-."
  }
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Subnets of the brokers, in three zones"

  validation {
    condition     = alltrue([for id in var.private_subnet_ids : startswith(id, "subnet-")]) && length(var.private_subnet_ids) == 3
    error_message = "private_subnet_ids must be ids that begin with subnet-, of 3 zones."
  }
}

variable "client_security_groups" {
  type        = map(string)
  description = "Security groups that may connect with SCRAM, by what they are of"

  validation {
    condition     = alltrue([for id in values(var.client_security_groups) : startswith(id, "sg-")])
    error_message = "client_security_groups must be ids that begin with sg-."
  }
}

variable "kafka_version" {
  type        = string
  description = "Version of Kafka; the shop needs 2.4 or newer"
  default     = "4.1.x.kraft"

  validation {
    condition     = can(regex("^[3-9][.][0-9]+[.](x|[0-9]+)([.]kraft)?$", var.kafka_version))
    error_message = "kafka_version must be a version of MSK, such as 4.1.x.kraft."
  }
}

variable "broker_type" {
  type        = string
  description = "Size of a broker"

  validation {
    condition     = startswith(var.broker_type, "kafka.")
    error_message = "broker_type must begin with kafka., such as kafka.m7g.large."
  }
}

variable "broker_storage_gib" {
  type        = number
  description = "Storage of each broker at first; it grows to four times as much"

  validation {
    condition     = var.broker_storage_gib >= 10 && var.broker_storage_gib <= 4096
    error_message = "broker_storage_gib must be 10 to 4096."
  }
}

variable "needs_rights" {
  type        = bool
  description = "Refuses users of Kafka what they have no right on; only once rights are set, because no user could set them afterwards"
  default     = false
}

variable "scram_secret_arns" {
  type        = map(string)
  description = "Secrets of users, by service"

  validation {
    condition     = alltrue([for arn in values(var.scram_secret_arns) : can(regex(":secret:AmazonMSK_", arn))])
    error_message = "scram_secret_arns must be of secrets whose names begin with AmazonMSK_: Kafka reads no others."
  }
}

variable "data_key_arn" {
  type        = string
  description = "KMS key that encrypts messages"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.data_key_arn))
    error_message = "data_key_arn must be the ARN of a KMS key."
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
