# Each goes into a file of k8s/ or is for people; tests compare the names with those files.

locals {
  settings = merge(
    {
      PUBLIC_URL    = "https://${var.host}"
      KAFKA_BROKERS = module.msk.bootstrap_brokers
      MAIL_FROM     = var.mail_from
      AWS_REGION    = local.account.region
    },
    { for name in ["NOTIFICATION_STORE", "NOTIFICATION_TABLE", "SMS_DRIVER", "SNS_TOPIC_ARN"] : name => local.notification_settings[name] if contains(keys(local.notification_settings), name) }
  )
}

output "cluster_name" {
  description = "Name of the cluster: aws eks update-kubeconfig --name"
  value       = module.eks.cluster_name
}

output "vpc_id" {
  description = "VPC of the cluster, which the load-balancer controller has to be given"
  value       = module.vpc.vpc_id
}

output "private_subnet_ids" {
  description = "Subnets of the cluster's endpoint, Kafka and the machines: where a VPN or a bastion of your own leads"
  value       = module.vpc.private_subnet_ids
}

output "private_route_table_ids" {
  description = "Route tables of these subnets by zone, which need the routes back to a VPN of your own"
  value       = module.vpc.private_route_table_ids
}

output "namespace" {
  description = "Namespace of the shop, whose service account notification may use AWS"
  value       = local.namespace
}

output "settings_env" {
  description = "Lines of k8s/overlays/<environment>/settings.env"
  value       = join("\n", [for name, value in local.settings : "${name}=${value}"])
}

output "image_repository" {
  description = "newName of the images in k8s/overlays/<environment>/kustomization.yaml"
  value       = module.ecr.repository_url
}

output "ingress_annotations" {
  description = "Annotations in k8s/overlays/<environment>/entry.patch.yaml"
  value       = module.alb.ingress_annotations
}

output "ingress_host" {
  description = "Host of the Ingress in k8s/overlays/<environment>/kustomization.yaml"
  value       = var.host
}

output "secret_prefix" {
  description = "Prefix of the SecretStore in k8s/overlays/<environment>/kustomization.yaml"
  value       = module.secrets.prefix
}

output "kafka_secret_prefix" {
  description = "Prefix of the SecretStore kafka in k8s/overlays/<environment>/kustomization.yaml"
  value       = module.secrets.kafka_prefix
}

output "owner_secret_arn" {
  description = "Secret of the database's owner, in k8s/overlays/<environment>/kustomization.yaml"
  value       = module.rds.owner_secret_arn
}

output "region" {
  description = "Region of the SecretStores in k8s/components/aws/secret-store.yaml"
  value       = local.account.region
}

output "network_ranges" {
  description = "Ranges in k8s/components/aws/network-policies.yaml"
  value       = module.vpc.ranges
}

output "secret_members" {
  description = "Secrets with their members, as k8s/base/secrets.yaml reads them"
  value       = module.secrets.members
}

output "bus_host" {
  description = "Name of the bus for the notification function, which the certificate nats-tls needs besides"
  value       = module.lambda.bus_host
}

output "secrets_to_put" {
  description = "Secrets that people must put, with their members"
  value       = module.secrets.to_put
}

output "certificate_validation_record" {
  description = "Record of DNS that proves the host, which is made by hand without zone_id"
  value       = module.alb.validation_record
}

output "load_balancer_name" {
  description = "Name of the load balancer once the shop is deployed"
  value       = module.alb.ingress_annotations["alb.ingress.kubernetes.io/load-balancer-name"]
}

output "nat_addresses" {
  description = "Public addresses that requests of the shop come from"
  value       = module.vpc.nat_addresses
}

output "bucket_names" {
  description = "Buckets for images, backups and logs"
  value       = module.s3.bucket_names
}

output "alarm_names" {
  description = "Names of all alarms"
  value       = module.observability.alarm_names
}

output "vpn_tunnels" {
  description = "Tunnels to Google Cloud: aws_tunnels of terraform/gcp"
  value       = one(module.vpn[*].tunnels)
}

output "vpn_secret_arns" {
  description = "Secrets with the pre-shared keys of the tunnels, two for each connection"
  value       = one(module.vpn[*].secret_arns)
}

output "kafka_administrator_secret_arn" {
  description = "Secret with user and password of the administrator of Kafka, who sets the rights of the others"
  value       = module.secrets.kafka_secret_arns["administrator"]
}

output "flink_secret_arn" {
  description = "Secret with user and password of Flink in Kafka; null without gcp_vpn"
  value       = lookup(module.secrets.kafka_secret_arns, "flink", null)
}

output "kafka_brokers" {
  description = "Addresses of Kafka for SCRAM, for the Flink job"
  value       = module.msk.bootstrap_brokers
}
