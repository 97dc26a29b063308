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

variable "vpc_id" {
  type        = string
  description = "VPC of the database"

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be an id that begins with vpc-."
  }
}

variable "database_subnet_ids" {
  type        = list(string)
  description = "Subnets of the database, in three zones"

  validation {
    condition     = alltrue([for id in var.database_subnet_ids : startswith(id, "subnet-")]) && length(var.database_subnet_ids) == 3
    error_message = "database_subnet_ids must be ids that begin with subnet-, of 3 zones."
  }
}

variable "client_security_groups" {
  type        = map(string)
  description = "Security groups that may connect, by what they are of"

  validation {
    condition     = alltrue([for id in values(var.client_security_groups) : startswith(id, "sg-")])
    error_message = "client_security_groups must be ids that begin with sg-."
  }
}

variable "major_version" {
  type        = string
  description = "Major version of Postgres, which is that of the tests"
  default     = "18"

  validation {
    condition     = can(regex("^1[5-9]$", var.major_version))
    error_message = "major_version must be a major version of Postgres from 15 to 19."
  }
}

variable "instance_class" {
  type        = string
  description = "Size of the server"

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "instance_class must begin with db., such as db.m7g.large."
  }
}

variable "multi_az" {
  type        = bool
  description = "Whether a standby in another zone takes over when the server fails"
  default     = true
}

variable "max_connections" {
  type        = number
  description = "Connections that may be open at one time (DEPLOYMENT.md, Sizing)"

  validation {
    condition     = var.max_connections >= 205 && var.max_connections <= 5000
    error_message = "max_connections must be 205 to 5000: so many are open while all nodes of staging are replaced."
  }
}

variable "storage_gib" {
  type        = object({ initial = number, most = number })
  description = "Size of the storage, and how far it grows by itself"

  validation {
    condition     = var.storage_gib.initial >= 20 && var.storage_gib.most > var.storage_gib.initial
    error_message = "storage_gib.initial must be 20 or more, and storage_gib.most greater than it."
  }
}

variable "backup_days" {
  type        = number
  description = "Days that point-in-time recovery goes back"
  default     = 35

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "backup_days must be 1 to 35."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the server refuses to be deleted"
  default     = true
}

variable "final_snapshot" {
  type        = bool
  description = "Whether a last snapshot and the backups outlive the server"
  default     = true
}

variable "data_key_arn" {
  type        = string
  description = "KMS key that encrypts data"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.data_key_arn))
    error_message = "data_key_arn must be the ARN of a KMS key."
  }
}

variable "secrets_key_arn" {
  type        = string
  description = "KMS key that encrypts the owner's password"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.secrets_key_arn))
    error_message = "secrets_key_arn must be the ARN of a KMS key."
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
