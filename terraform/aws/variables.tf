variable "environment" {
  type        = string
  description = "dev, staging or production: sizes are in sizes.tf"

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "environment must be dev, staging or production."
  }
}

variable "account_id" {
  type        = string
  description = "Account that this is for; Terraform refuses any other"

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "region" {
  type        = string
  description = "Region of everything"
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the code of a region, such as eu-central-1."
  }
}

variable "host" {
  type        = string
  description = "Host of the shop: that of PUBLIC_URL and of the Ingress"

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
  description = "Set to true after the first deployment: the host then leads to the load balancer, which is watched"
  default     = false
}

variable "mail_from" {
  type        = string
  description = "Sender of e-mail: MAIL_FROM. Its address or domain must be an identity of SES"

  validation {
    condition     = can(regex("^([^<>]+ <[^<>@ ]+@[^<>@ ]+>|[^<>@ ]+@[^<>@ ]+)$", var.mail_from))
    error_message = "mail_from must be an address, or a name with one: The Shop <orders@shop.example>."
  }
}

variable "sms_enabled" {
  type        = bool
  description = "Whether the notification service may send text messages: SMS_DRIVER=sns"
  default     = false
}

variable "events_topic_arn" {
  type        = string
  description = "Topic of SNS that gets a copy of every message: SNS_TOPIC_ARN; null for none"
  default     = null

  validation {
    condition     = var.events_topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:", var.events_topic_arn))
    error_message = "events_topic_arn must be the ARN of a topic: arn:aws:sns:region:account:name."
  }
}

variable "cluster_admins" {
  type        = map(string)
  description = "Roles that administer the cluster, by a name"

  validation {
    condition     = length(var.cluster_admins) > 0 && alltrue([for arn in values(var.cluster_admins) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "cluster_admins must name one role or more: no other gets into the cluster."
  }
}

variable "cluster_access_cidrs" {
  type        = list(string)
  description = "Networks that may reach the cluster from the internet; without any only the VPC does"
  default     = []

  validation {
    condition     = alltrue([for cidr in var.cluster_access_cidrs : can(cidrhost(cidr, 0)) && cidr != "0.0.0.0/0"])
    error_message = "cluster_access_cidrs must be networks such as 203.0.113.0/24, and not the whole internet."
  }
}

variable "api_client_ranges" {
  type        = list(string)
  description = "Networks that reach the VPC by a way of your own, such as a VPN, and may use the cluster's private endpoint"
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_client_ranges : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "api_client_ranges must be networks such as 10.200.0.0/22, and not everything."
  }
}

variable "block_volumes" {
  type        = bool
  description = "The driver of EBS volumes: for k8s/overlays/logging and the component observability"
  default     = false
}

variable "addon_versions" {
  type        = map(string)
  description = "Versions of add-ons of EKS that are not to be the default ones of its Kubernetes: aws eks describe-addon-versions"
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.addon_versions) : can(regex("^v[0-9.]+-eksbuild[.][0-9]+$", version))])
    error_message = "addon_versions must be versions such as v1.20.4-eksbuild.2."
  }
}

variable "secret_versions" {
  type        = map(number)
  description = "Versions of secrets by their last name, of Kafka kafka-<user>; a greater number makes a new value, and so does taking one away"
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : version >= 1])
    error_message = "secret_versions must be 1 or more."
  }
}

variable "alarm_emails" {
  type        = set(string)
  description = "Addresses that get alarms and reports of the budget"

  validation {
    condition     = length(var.alarm_emails) > 0 && alltrue([for email in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", email))])
    error_message = "alarm_emails must be one address or more, such as operators@shop.example."
  }
}

variable "monthly_budget_usd" {
  type        = number
  description = "What the environment may cost in a month, in USD; null for that of sizes.tf"
  default     = null

  validation {
    condition     = coalesce(var.monthly_budget_usd, 1) > 0
    error_message = "monthly_budget_usd must be more than 0."
  }
}

variable "kafka_rights_set" {
  type        = bool
  description = "Set to true after the rights in Kafka were set: users are then refused whatever they have no right on"
  default     = false
}

variable "notification_function" {
  type = object({
    enabled     = optional(bool, false)
    package     = optional(object({ path = optional(string), bucket = optional(string), key = optional(string) }), { path = "../../lambda/dist/notification.zip" })
    environment = optional(map(string), {})
    tracing     = optional(bool, false)

    bus_load_balancer_exists = optional(bool, false)
  })
  description = "The Lambda function that sends messages (lambda/README.md); bus_load_balancer_exists after k8s/components/bus-load-balancer was applied"
  default     = {}

  validation {
    condition     = !var.notification_function.enabled || (var.notification_function.package.path == null) != (var.notification_function.package.bucket == null)
    error_message = "notification_function.package must have either a path, or a bucket and a key."
  }
}

variable "gcp_vpn" {
  type = object({
    addresses = list(string)
    asn       = number
    range     = string
  })
  description = "Side of the tunnels on Google Cloud: output vpn of terraform/gcp; null without Flink there"
  default     = null

  validation {
    condition     = var.gcp_vpn == null || try(length(var.gcp_vpn.addresses) == 2, false)
    error_message = "gcp_vpn must have the two addresses of the gateway, or be null."
  }
}
