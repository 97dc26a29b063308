output "cluster_name" {
  description = "Name of the cluster"
  value       = aws_eks_cluster.this.name
}

output "cluster_endpoint" {
  description = "Where the cluster's API is"
  value       = aws_eks_cluster.this.endpoint
}

output "pod_security_group_id" {
  description = "Security group of machines and pods"
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "role_arns" {
  description = "Roles of service accounts"
  value       = { for name, role in aws_iam_role.pod : name => role.arn }
}

output "policies" {
  description = "Policies of these roles, as JSON"
  value       = local.policies
}
