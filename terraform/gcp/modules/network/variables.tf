variable "name" {
  type        = string
  description = "Begins the names of all resources, such as moleculer-commerce-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,31}$", var.name))
    error_message = "name must be 3 to 32 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "region" {
  type        = string
  description = "Region of the network"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be the name of a region, such as europe-west3."
  }
}

variable "range" {
  type        = string
  description = "Addresses of the machines"

  validation {
    condition     = can(cidrnetmask(var.range))
    error_message = "range must be a network, such as 10.128.0.0/24."
  }
}

variable "aws_range" {
  type        = string
  description = "Addresses on AWS that the machines may connect to, at the port of Kafka"

  validation {
    condition     = can(cidrnetmask(var.aws_range)) && !startswith(var.aws_range, "0.")
    error_message = "aws_range must be a network, such as 10.0.32.0/19, and not the whole internet."
  }
}

variable "router_asn" {
  type        = number
  description = "Number of this side in BGP"

  validation {
    condition     = var.router_asn >= 64512 && var.router_asn <= 65534
    error_message = "router_asn must be a private number: 64512 to 65534."
  }
}

variable "tunnels" {
  type = list(object({
    outside_address = string
    inside_address  = string
    own_address     = string
    asn             = number
  }))
  description = "Ends of the four tunnels on the other side, two for each interface of this gateway; none before they exist"

  validation {
    condition     = contains([0, 4], length(var.tunnels))
    error_message = "tunnels must be four, or none."
  }
  validation {
    condition     = alltrue([for tunnel in var.tunnels : startswith(tunnel.inside_address, "169.254.") && startswith(tunnel.own_address, "169.254.")])
    error_message = "tunnels must have inside addresses in 169.254.0.0/16."
  }
}

variable "tunnel_secrets" {
  type        = list(string)
  description = "Pre-shared keys of the tunnels, in their order"
  sensitive   = true

  validation {
    condition     = alltrue([for secret in var.tunnel_secrets : length(secret) >= 24])
    error_message = "tunnel_secrets must have 24 characters or more each."
  }
}

variable "flow_log_samples" {
  type        = number
  description = "Share of the connections that are logged"

  validation {
    condition     = var.flow_log_samples > 0 && var.flow_log_samples <= 1
    error_message = "flow_log_samples must be more than 0, and 1 at most."
  }
}
