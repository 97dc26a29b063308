output "function_name" {
  description = "Name of the function; null while it is off"
  value       = one([for function in aws_lambda_function.this : function.function_name])
}

output "requests_queue_url" {
  description = "Queue of requests; null while it is off"
  value       = one([for queue in aws_sqs_queue.requests : queue.url])
}

output "failed_queue_url" {
  description = "Queue of events that no retry could handle; null while it is off"
  value       = one([for queue in aws_sqs_queue.failed : queue.url])
}

output "policy" {
  description = "Rights of the function as the notification service, as JSON; null while it is off"
  value       = one([for policy in aws_iam_role_policy.messages : policy.policy])
}

output "source_policy" {
  description = "Rights of the function for its event sources, as JSON; null while it is off"
  value       = one([for policy in aws_iam_role_policy.function : policy.policy])
}

output "security_group_id" {
  description = "Security group of the function, which Postgres lets in; null while it is off"
  value       = one([for group in aws_security_group.this : group.id])
}

output "bus_host" {
  description = "Name of the bus within the VPC, which its certificate needs"
  value       = local.bus_host
}
