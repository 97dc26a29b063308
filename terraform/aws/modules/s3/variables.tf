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

variable "data_key_arn" {
  type        = string
  description = "KMS key that encrypts images and backups"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.data_key_arn))
    error_message = "data_key_arn must be the ARN of a KMS key."
  }
}

variable "load_balancer_log_prefix" {
  type        = string
  description = "Prefix below which the load balancer writes its logs"
  default     = "alb"

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.load_balancer_log_prefix))
    error_message = "load_balancer_log_prefix must be lower-case letters, digits and hyphens."
  }
}

variable "backup_days" {
  type        = number
  description = "Days for which backups are kept"
  default     = 365

  validation {
    condition     = var.backup_days >= 31
    error_message = "backup_days must be 31 or more: S3 moves no object to cheaper storage before 30 days."
  }
}

variable "log_days" {
  type        = number
  description = "Days for which logs of access are kept"
  default     = 90

  validation {
    condition     = var.log_days >= 1
    error_message = "log_days must be 1 or more."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether a bucket with objects refuses to be deleted"
  default     = true
}
