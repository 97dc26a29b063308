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
  description = "VPC of the load balancer"

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be an id that begins with vpc-."
  }
}

variable "private_range" {
  type        = string
  description = "Range of the private subnets, in which gateways are"

  validation {
    condition     = can(cidrhost(var.private_range, 0))
    error_message = "private_range must be a network such as 10.0.32.0/19."
  }
}

variable "host" {
  type        = string
  description = "Host of the shop: that of PUBLIC_URL"

  validation {
    condition     = can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", var.host))
    error_message = "host must be a name such as shop.example, without https:// and a path."
  }
}

variable "zone_id" {
  type        = string
  description = "Zone of Route 53 for the host; without it records are made by hand"
  default     = null

  validation {
    condition     = var.zone_id == null || can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id must be the id of a zone of Route 53, which begins with Z."
  }
}

variable "load_balancer_exists" {
  type        = bool
  description = "Whether the shop was deployed once, so that there is a load balancer to lead to and to watch"
  default     = false
}

variable "requests_per_5_minutes" {
  type        = number
  description = "Requests that one address may make in five minutes"
  default     = 2000

  validation {
    condition     = var.requests_per_5_minutes >= 10 && var.requests_per_5_minutes <= 2000000000
    error_message = "requests_per_5_minutes must be 10 or more."
  }
}

variable "log_attributes" {
  type        = string
  description = "Attributes of a load balancer that writes its logs"

  validation {
    condition     = strcontains(var.log_attributes, "access_logs.s3.enabled=true")
    error_message = "log_attributes must enable logs of access: access_logs.s3.enabled=true,…"
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
