variable "name" {
  type        = string
  description = "Part of the names of all buckets, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,29}$", var.name))
    error_message = "name must be 3 to 30 lower-case letters, digits and hyphens, and begin with a letter: a bucket's name has 63 at most."
  }
}

variable "project" {
  type        = string
  description = "Project of the buckets, with which their names begin, because names of buckets are unique in the world"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be the id of a project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "location" {
  type        = string
  description = "Region of the buckets: that of the machines"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "location must be the name of a region, such as europe-west3."
  }
}

variable "key_name" {
  type        = string
  description = "KMS key that encrypts the buckets"

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key_name))
    error_message = "key_name must be the full name of a KMS key: projects/…/cryptoKeys/…."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether buckets of jobs and checkpoints with objects refuse to be deleted"
  default     = true
}
