output "buckets" {
  description = "Names of the buckets by what they hold: jobs, checkpoints, staging"
  value       = { for name, bucket in google_storage_bucket.this : name => bucket.name }
}
