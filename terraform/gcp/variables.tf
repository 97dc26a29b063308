variable "environment" {
  type        = string
  description = "dev or production: sizes are in sizes.tf"

  validation {
    condition     = contains(["dev", "production"], var.environment)
    error_message = "environment must be dev or production."
  }
}

variable "project" {
  type        = string
  description = "Project of Google Cloud that this is for"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be the id of a project: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  type        = string
  description = "Region of everything: the one nearest to the shop's on AWS"
  default     = "europe-west3"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be the name of a region, such as europe-west3."
  }
}

variable "range" {
  type        = string
  description = "Addresses of the machines; none of them may be in the VPC on AWS"
  default     = "10.128.0.0/24"

  validation {
    condition     = can(cidrnetmask(var.range)) && can(regex("^10[.]", var.range))
    error_message = "range must be a network in 10.0.0.0/8, such as 10.128.0.0/24."
  }
}

variable "aws_range" {
  type        = string
  description = "Private subnets on AWS, in which the brokers of Kafka are: output ranges of terraform/aws"
  default     = "10.0.32.0/19"

  validation {
    condition     = can(cidrnetmask(var.aws_range))
    error_message = "aws_range must be a network, such as 10.0.32.0/19."
  }
}

variable "router_asn" {
  type        = number
  description = "Number of this side in BGP"
  default     = 64514

  validation {
    condition     = var.router_asn >= 64512 && var.router_asn <= 65534
    error_message = "router_asn must be a private number: 64512 to 65534."
  }
}

variable "aws_tunnels" {
  type = list(object({
    outside_address = string
    inside_address  = string
    own_address     = string
    asn             = number
  }))
  description = "Ends of the four tunnels on AWS: output vpn_tunnels of terraform/aws; none before that side exists"
  default     = []

  validation {
    condition     = contains([0, 4], length(var.aws_tunnels))
    error_message = "aws_tunnels must be all four of terraform/aws, or none before they exist."
  }
}

variable "aws_tunnel_secrets" {
  type        = list(string)
  description = "Pre-shared keys of the tunnels, in their order; from Secrets Manager on AWS, by TF_VAR_aws_tunnel_secrets"
  default     = []
  sensitive   = true

  validation {
    condition     = length(var.aws_tunnel_secrets) == length(var.aws_tunnels)
    error_message = "aws_tunnel_secrets must be as many as aws_tunnels."
  }
}

variable "image_version" {
  type        = string
  description = "Image of Dataproc, which decides about the version of Flink: analytics/flink-job/README.md"
  default     = "3.0-debian13"

  validation {
    condition     = can(regex("^[0-9]+[.][0-9]+([.][0-9]+)?-(debian|ubuntu|rocky)[0-9]+$", var.image_version))
    error_message = "image_version must be a version of Dataproc with its system, such as 3.0-debian13."
  }
}
