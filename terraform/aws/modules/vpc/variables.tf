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

variable "zones" {
  type        = list(string)
  description = "Three availability zones"

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "zones must be three different availability zones: Kafka keeps three copies, one in each."
  }
}

variable "cidr" {
  type        = string
  description = "Network of the whole VPC"
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0))
    error_message = "cidr must be a network such as 10.0.0.0/16."
  }
}

variable "public_range" {
  type        = string
  description = "Range of the public subnets, which TRUSTED_PROXIES names"
  default     = "10.0.0.0/20"

  validation {
    condition     = can(cidrhost(var.public_range, 0))
    error_message = "public_range must be a network such as 10.0.0.0/20."
  }
}

variable "private_range" {
  type        = string
  description = "Range of the private subnets: machines, pods, brokers"
  default     = "10.0.32.0/19"

  validation {
    condition     = can(cidrhost(var.private_range, 0))
    error_message = "private_range must be a network such as 10.0.32.0/19."
  }
}

variable "database_range" {
  type        = string
  description = "Range of the database subnets"
  default     = "10.0.64.0/20"

  validation {
    condition     = can(cidrhost(var.database_range, 0))
    error_message = "database_range must be a network such as 10.0.64.0/20."
  }
}

variable "nat_per_zone" {
  type        = bool
  description = "A NAT gateway in each zone; otherwise one, whose zone is then needed by all"
  default     = false
}

variable "interface_endpoints" {
  type        = set(string)
  description = "Services that are reached by an endpoint and not through NAT, such as ecr.dkr"
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "interface_endpoints must be short names of services, such as ecr.dkr."
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
