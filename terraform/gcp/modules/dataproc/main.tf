# The Flink cluster. One master: Flink on Dataproc has no high availability with three, and a job continues from its checkpoint.

resource "google_dataproc_cluster" "this" {
  name    = var.name
  project = var.project
  region  = var.region

  graceful_decommission_timeout = "300s"

  cluster_config {
    staging_bucket = var.buckets["staging"]
    temp_bucket    = var.buckets["staging"]

    gce_cluster_config {
      subnetwork             = var.subnetwork
      internal_ip_only       = true
      tags                   = [var.tag]
      service_account        = google_service_account.this.email
      service_account_scopes = ["cloud-platform"]

      shielded_instance_config {
        enable_secure_boot          = true
        enable_vtpm                 = true
        enable_integrity_monitoring = true
      }

      metadata = {
        block-project-ssh-keys = "true"
        enable-oslogin         = "true"
      }
    }

    master_config {
      num_instances = 1
      machine_type  = var.master_type

      disk_config {
        boot_disk_type    = "pd-balanced"
        boot_disk_size_gb = 50
      }
    }

    worker_config {
      num_instances = var.workers
      machine_type  = var.worker_type

      disk_config {
        boot_disk_type    = "pd-balanced"
        boot_disk_size_gb = 50
      }
    }

    software_config {
      image_version       = var.image_version
      optional_components = ["FLINK"]

      override_properties = merge(
        {
          "flink:state.checkpoints.dir"                             = "gs://${var.buckets["checkpoints"]}/windows"
          "flink:taskmanager.numberOfTaskSlots"                     = "2"
          "dataproc:dataproc.logging.stackdriver.job.driver.enable" = "true"
        },
        var.workers == 0 ? { "dataproc:dataproc.allow.zero.workers" = "true" } : {},
      )
    }

    encryption_config {
      kms_key_name = var.key_name
    }

    dynamic "lifecycle_config" {
      for_each = var.idle_delete_s == null ? [] : [var.idle_delete_s]

      content {
        idle_delete_ttl = "${lifecycle_config.value}s"
      }
    }
  }

  depends_on = [google_project_iam_member.worker, google_storage_bucket_iam_member.objects]
}
