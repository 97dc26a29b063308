# Buckets of the Flink job: its jars and SQL, its checkpoints, and what Dataproc itself writes.

locals {
  # Days after which objects are removed. Checkpoints are never removed by age: the newest one may be old, and the job continues from it.
  buckets = {
    jobs        = { expire_days = null, is_kept = var.deletion_protection }
    checkpoints = { expire_days = null, is_kept = var.deletion_protection }
    staging     = { expire_days = 30, is_kept = false }
  }
}

resource "google_storage_bucket" "this" {
  for_each = local.buckets

  name                        = "${var.project}-${var.name}-${each.key}"
  project                     = var.project
  location                    = var.location
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !each.value.is_kept

  encryption {
    default_kms_key_name = var.key_name
  }

  # Of the jars: what ran last week can be run again. Checkpoints are written every few seconds, and are no use when they are replaced.
  versioning {
    enabled = each.key == "jobs"
  }

  soft_delete_policy {
    retention_duration_seconds = each.key == "checkpoints" && each.value.is_kept ? 604800 : 0
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.expire_days == null ? [] : [each.value.expire_days]

    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.key == "jobs" ? [30] : []

    content {
      action {
        type = "Delete"
      }
      condition {
        days_since_noncurrent_time = lifecycle_rule.value
        with_state                 = "ARCHIVED"
      }
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }
}
