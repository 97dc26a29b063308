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
  description = "VPC of the brokers of Kafka"

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be an id that begins with vpc-."
  }
}

variable "route_table_ids" {
  type        = map(string)
  description = "Route tables of the private subnets, by zone: they learn the way to the other side"

  validation {
    condition     = length(var.route_table_ids) == 3
    error_message = "route_table_ids must be those of 3 zones."
  }
}

variable "kafka_security_group_id" {
  type        = string
  description = "Security group of the brokers of Kafka"

  validation {
    condition     = startswith(var.kafka_security_group_id, "sg-")
    error_message = "kafka_security_group_id must be an id that begins with sg-."
  }
}

variable "own_asn" {
  type        = number
  description = "Number of this side in BGP"
  default     = 64512

  validation {
    condition     = var.own_asn >= 64512 && var.own_asn <= 65534
    error_message = "own_asn must be a private number: 64512 to 65534."
  }
}

variable "peer_addresses" {
  type        = list(string)
  description = "Addresses of the gateway on Google Cloud: output vpn of terraform/gcp"

  validation {
    condition     = length(var.peer_addresses) == 2 && alltrue([for address in var.peer_addresses : can(regex("^([0-9]{1,3}[.]){3}[0-9]{1,3}$", address))])
    error_message = "peer_addresses must be the two addresses of the gateway."
  }
}

variable "peer_asn" {
  type        = number
  description = "Number of the other side in BGP"

  validation {
    condition     = var.peer_asn >= 64512 && var.peer_asn <= 65534
    error_message = "peer_asn must be a private number: 64512 to 65534."
  }
}

variable "peer_range" {
  type        = string
  description = "Addresses of the machines on Google Cloud"

  validation {
    condition     = can(cidrnetmask(var.peer_range)) && can(regex("/(2[4-9]|30)$", var.peer_range))
    error_message = "peer_range must be a network of 256 addresses at most, such as 10.128.0.0/24."
  }
}
