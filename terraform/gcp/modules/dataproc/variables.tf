variable "name" {
  type        = string
  description = "Name of the cluster, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,31}$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "project" {
  type        = string
  description = "Project of the cluster"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be the id of a project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  type        = string
  description = "Region of the cluster"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be the name of a region, such as europe-west3."
  }
}

variable "subnetwork" {
  type        = string
  description = "Subnetwork of the machines"

  validation {
    condition     = length(var.subnetwork) > 0
    error_message = "subnetwork must be the id of a subnetwork."
  }
}

variable "tag" {
  type        = string
  description = "Tag of machines that the rules of the firewall are for"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.tag))
    error_message = "tag must be lower-case letters, digits and hyphens."
  }
}

variable "buckets" {
  type        = map(string)
  description = "Names of the buckets by what they hold: jobs, checkpoints, staging"

  validation {
    condition     = join(" ", sort(keys(var.buckets))) == "checkpoints jobs staging"
    error_message = "buckets must be those for checkpoints, jobs and staging."
  }
}

variable "key_name" {
  type        = string
  description = "KMS key that encrypts disks and the secret"

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key_name))
    error_message = "key_name must be the full name of a KMS key: projects/…/cryptoKeys/…."
  }
}

variable "image_version" {
  type        = string
  description = "Image of Dataproc, which decides about the version of Flink"

  validation {
    condition     = can(regex("^[0-9]+[.][0-9]+([.][0-9]+)?-(debian|ubuntu|rocky)[0-9]+$", var.image_version))
    error_message = "image_version must be a version of Dataproc with its system, such as 3.0-debian13."
  }
}

variable "master_type" {
  type        = string
  description = "Type of the machine that schedules jobs"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z]+-[0-9]+$", var.master_type))
    error_message = "master_type must be a type of machine, such as n2-standard-2."
  }
}

variable "worker_type" {
  type        = string
  description = "Type of the machines that compute"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z]+-[0-9]+$", var.worker_type))
    error_message = "worker_type must be a type of machine, such as n2-standard-2."
  }
}

variable "workers" {
  type        = number
  description = "How many machines compute; with 0 the master does"

  validation {
    condition     = contains([0, 2, 3, 4, 5, 6], var.workers)
    error_message = "workers must be 0, or 2 to 6: Dataproc has no cluster with one."
  }
}

variable "idle_delete_s" {
  type        = number
  description = "Seconds without a job after which the cluster is deleted; null for never"
  default     = null

  validation {
    condition     = var.idle_delete_s == null || try(var.idle_delete_s >= 600, false)
    error_message = "idle_delete_s must be 600 or more, or null."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the secret refuses to be deleted"
  default     = true
}
