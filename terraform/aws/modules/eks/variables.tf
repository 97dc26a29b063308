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

variable "kubernetes_version" {
  type        = string
  description = "Minor version of Kubernetes. 1.35 is in standard support until March 2027; it is raised here, one version at a time"
  default     = "1.35"

  validation {
    condition     = can(regex("^1[.][0-9]{2}$", var.kubernetes_version))
    error_message = "kubernetes_version must be a minor version, such as 1.35."
  }
}

variable "addon_versions" {
  type        = map(string)
  description = "Versions of add-ons that are not to be the default ones of kubernetes_version: aws eks describe-addon-versions"
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.addon_versions) : can(regex("^v[0-9.]+-eksbuild[.][0-9]+$", version))])
    error_message = "addon_versions must be versions such as v1.20.4-eksbuild.2."
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC of the cluster"

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be an id that begins with vpc-."
  }
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Subnets of the control plane, machines and pods"

  validation {
    condition     = alltrue([for id in var.private_subnet_ids : startswith(id, "subnet-")]) && length(var.private_subnet_ids) == 3
    error_message = "private_subnet_ids must be ids that begin with subnet-, of 3 zones."
  }
}

variable "public_access_cidrs" {
  type        = list(string)
  description = "Networks that may reach the cluster's endpoint from the internet; none by default"
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrhost(cidr, 0)) && cidr != "0.0.0.0/0"])
    error_message = "public_access_cidrs must be networks such as 203.0.113.0/24, and not the whole internet."
  }
}

variable "api_client_ranges" {
  type        = list(string)
  description = "Networks besides the machines that may use the private endpoint: those of a VPN or a bastion"
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_client_ranges : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "api_client_ranges must be networks such as 10.200.0.0/22, and not everything."
  }
}

variable "access" {
  type        = map(object({ principal_arn = string, policy = string, namespaces = optional(list(string), []) }))
  description = "Roles and users that may use the cluster, each with a policy of EKS; without namespaces in all of them"
  default     = {}

  validation {
    condition     = alltrue([for one in values(var.access) : can(regex("^AmazonEKS[A-Za-z]+Policy$", one.policy)) && can(regex("^arn:aws[a-z-]*:iam:", one.principal_arn))])
    error_message = "access must name ARNs of roles or users, and policies such as AmazonEKSClusterAdminPolicy."
  }
}

variable "machines" {
  type        = object({ instance_types = list(string), capacity_type = string, min = number, max = number, disk_gib = number })
  description = "Machines, and between how many the autoscaler may choose"

  validation {
    condition     = contains(["ON_DEMAND", "SPOT"], var.machines.capacity_type)
    error_message = "machines.capacity_type must be ON_DEMAND or SPOT."
  }

  validation {
    condition     = var.machines.min >= 2 && var.machines.max >= var.machines.min
    error_message = "machines.min must be 2 or more, so that one may be replaced, and machines.max not below it."
  }
}

variable "cluster_key_arn" {
  type        = string
  description = "KMS key that encrypts secrets in the cluster"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.cluster_key_arn))
    error_message = "cluster_key_arn must be the ARN of a KMS key."
  }
}

variable "secrets_key_arn" {
  type        = string
  description = "KMS key of the secrets that the External Secrets operator reads"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.secrets_key_arn))
    error_message = "secrets_key_arn must be the ARN of a KMS key."
  }
}

variable "secret_prefix" {
  type        = string
  description = "Names of secrets that the External Secrets operator may read begin with it"

  validation {
    condition     = can(regex("^[a-z-]+/[a-z]+/$", var.secret_prefix))
    error_message = "secret_prefix must be such as moleculer-commerce/production/."
  }
}

variable "other_secret_arns" {
  type        = list(string)
  description = "Further secrets that it may read: that of the database's owner"
  default     = []

  validation {
    condition     = alltrue([for arn in var.other_secret_arns : can(regex("^arn:aws[a-z-]*:secretsmanager:", arn))])
    error_message = "other_secret_arns must be ARNs of secrets."
  }
}

variable "identities" {
  type        = map(object({ namespace = string, service_account = string, policy = string }))
  description = "Service accounts of the shop that use AWS, with their policies as JSON"
  default     = {}

  validation {
    condition     = alltrue([for one in values(var.identities) : can(jsondecode(one.policy))])
    error_message = "identities must have policies that are JSON."
  }
}

variable "block_volumes" {
  type        = bool
  description = "The driver of EBS volumes, which k8s/overlays/logging and the component observability need"
  default     = false
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the cluster refuses to be deleted"
  default     = true
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
