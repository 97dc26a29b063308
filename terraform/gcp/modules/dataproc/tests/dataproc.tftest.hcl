mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = { member = "serviceAccount:flink@shop-analytics.iam.gserviceaccount.com", email = "flink@shop-analytics.iam.gserviceaccount.com" }
  }
}

variables {
  name          = "moleculer-commerce-test"
  project       = "shop-analytics"
  region        = "europe-west3"
  subnetwork    = "projects/shop-analytics/regions/europe-west3/subnetworks/test"
  tag           = "flink"
  buckets       = { jobs = "jobs", checkpoints = "checkpoints", staging = "staging" }
  key_name      = "projects/shop-analytics/locations/europe-west3/keyRings/ring/cryptoKeys/data"
  image_version = "3.0-debian13"
  master_type   = "n2-standard-2"
  worker_type   = "n2-standard-2"
  workers       = 2
}

run "machines_are_private_and_measured_at_start" {
  command = apply

  assert {
    condition     = one(one(google_dataproc_cluster.this.cluster_config).gce_cluster_config).internal_ip_only && contains(one(one(google_dataproc_cluster.this.cluster_config).gce_cluster_config).tags, "flink")
    error_message = "Machines must have no public address, and the rules of the firewall."
  }
  assert {
    condition     = alltrue([for one in one(one(google_dataproc_cluster.this.cluster_config).gce_cluster_config).shielded_instance_config : one.enable_secure_boot && one.enable_vtpm && one.enable_integrity_monitoring])
    error_message = "Machines must be shielded."
  }
  assert {
    condition     = one(one(google_dataproc_cluster.this.cluster_config).encryption_config).kms_key_name == var.key_name
    error_message = "Disks must be encrypted with our key."
  }
  assert {
    condition     = one(one(google_dataproc_cluster.this.cluster_config).gce_cluster_config).metadata["block-project-ssh-keys"] == "true" && one(one(google_dataproc_cluster.this.cluster_config).gce_cluster_config).metadata["enable-oslogin"] == "true"
    error_message = "People must sign in with their own accounts."
  }
}

run "flink_keeps_its_checkpoints_in_their_bucket" {
  command = apply

  assert {
    condition     = one(one(google_dataproc_cluster.this.cluster_config).software_config).optional_components == toset(["FLINK"]) && one(one(google_dataproc_cluster.this.cluster_config).software_config).override_properties["flink:state.checkpoints.dir"] == "gs://checkpoints/windows"
    error_message = "The cluster must have Flink, with checkpoints that outlive it."
  }
  assert {
    condition     = one(one(google_dataproc_cluster.this.cluster_config).master_config).num_instances == 1 && one(one(google_dataproc_cluster.this.cluster_config).worker_config).num_instances == 2 && length(one(google_dataproc_cluster.this.cluster_config).lifecycle_config) == 0
    error_message = "There must be one master and two workers, which stay."
  }
}

run "the_account_may_do_what_a_worker_needs_and_nothing_else" {
  command = apply

  assert {
    condition     = google_project_iam_member.worker.role == "roles/dataproc.worker" && toset([for grant in google_storage_bucket_iam_member.objects : "${grant.bucket} ${grant.role}"]) == toset(["jobs roles/storage.objectAdmin", "checkpoints roles/storage.objectAdmin", "staging roles/storage.objectAdmin"])
    error_message = "Rights must be those of a worker, and for objects of the own buckets."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.kafka.role == "roles/secretmanager.secretAccessor" && google_secret_manager_secret_iam_member.kafka.secret_id == "moleculer-commerce-test-kafka"
    error_message = "The account must read one secret."
  }
  assert {
    condition     = google_secret_manager_secret.kafka.deletion_protection && one(one(one(one(google_secret_manager_secret.kafka.replication).user_managed).replicas).customer_managed_encryption).kms_key_name == var.key_name
    error_message = "The secret must be encrypted with our key, and protected from deletion."
  }
}

run "dev_has_one_machine_that_goes_when_it_is_idle" {
  command = apply

  variables {
    workers             = 0
    idle_delete_s       = 7200
    deletion_protection = false
  }
  assert {
    condition     = one(one(google_dataproc_cluster.this.cluster_config).software_config).override_properties["dataproc:dataproc.allow.zero.workers"] == "true" && one(one(google_dataproc_cluster.this.cluster_config).lifecycle_config).idle_delete_ttl == "7200s"
    error_message = "A cluster without workers must be allowed, and deleted when it is idle."
  }
}

run "one_worker_is_refused" {
  command = plan

  variables {
    workers = 1
  }
  expect_failures = [var.workers]
}

run "an_image_without_a_system_is_refused" {
  command = plan

  variables {
    image_version = "3.0"
  }
  expect_failures = [var.image_version]
}

run "a_cluster_that_is_deleted_after_a_minute_is_refused" {
  command = plan

  variables {
    idle_delete_s = 60
  }
  expect_failures = [var.idle_delete_s]
}
