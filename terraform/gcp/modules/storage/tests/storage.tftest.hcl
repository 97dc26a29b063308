mock_provider "google" {}

variables {
  name     = "moleculer-commerce-test"
  project  = "shop-analytics"
  location = "europe-west3"
  key_name = "projects/shop-analytics/locations/europe-west3/keyRings/ring/cryptoKeys/data"
}

run "buckets_are_private_and_encrypted" {
  command = plan

  assert {
    condition     = join(" ", keys(google_storage_bucket.this)) == "checkpoints jobs staging" && google_storage_bucket.this["jobs"].name == "shop-analytics-moleculer-commerce-test-jobs"
    error_message = "There must be a bucket for jobs, checkpoints and what Dataproc writes."
  }
  assert {
    condition     = alltrue([for bucket in google_storage_bucket.this : bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced"])
    error_message = "No bucket may be public."
  }
  assert {
    condition     = alltrue([for bucket in google_storage_bucket.this : one(bucket.encryption).default_kms_key_name == var.key_name])
    error_message = "Each bucket must be encrypted with our key."
  }
  assert {
    condition     = alltrue([for name in ["jobs", "checkpoints"] : !google_storage_bucket.this[name].force_destroy])
    error_message = "Buckets of jobs and checkpoints must not be deleted with their objects unless that is said."
  }
}

run "checkpoints_are_never_removed_by_age" {
  command = plan

  assert {
    condition     = alltrue([for rule in google_storage_bucket.this["checkpoints"].lifecycle_rule : one(rule.action).type == "AbortIncompleteMultipartUpload"])
    error_message = "The newest checkpoint may be old, and a job continues from it."
  }
  assert {
    condition     = one(google_storage_bucket.this["checkpoints"].soft_delete_policy).retention_duration_seconds == 604800
    error_message = "A checkpoint that was deleted must be restorable for a week."
  }
  assert {
    condition     = [for rule in google_storage_bucket.this["staging"].lifecycle_rule : one(rule.condition).age if one(rule.action).type == "Delete"] == [30]
    error_message = "What Dataproc writes must be removed."
  }
  assert {
    condition     = one(google_storage_bucket.this["jobs"].versioning).enabled && !one(google_storage_bucket.this["checkpoints"].versioning).enabled
    error_message = "Earlier jars must be kept."
  }
}

run "dev_can_be_deleted" {
  command = plan

  variables {
    deletion_protection = false
  }
  assert {
    condition     = alltrue([for bucket in google_storage_bucket.this : bucket.force_destroy])
    error_message = "Buckets of dev must go with their objects."
  }
}

run "a_key_of_another_form_is_refused" {
  command = plan

  variables {
    key_name = "data"
  }
  expect_failures = [var.key_name]
}

run "a_place_that_is_no_region_is_refused" {
  command = plan

  variables {
    location = "EU"
  }
  expect_failures = [var.location]
}
