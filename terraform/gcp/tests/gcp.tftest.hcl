mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { email_address = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com" }
  }
  mock_resource "google_kms_crypto_key" {
    defaults = { id = "projects/shop-analytics/locations/europe-west3/keyRings/ring/cryptoKeys/data" }
  }
}

variables {
  environment = "production"
  project     = "shop-analytics"
}

run "production_survives_a_worker" {
  command = apply

  assert {
    condition     = local.size.workers == 2 && local.size.is_kept && local.size.idle_delete_s == null
    error_message = "Production must have two workers, and be kept."
  }
  assert {
    condition     = output.vpn.asn == 64514 && output.vpn.range == "10.128.0.0/24"
    error_message = "terraform/aws must get the number and the range of this side."
  }
  assert {
    condition     = strcontains(output.submit_settings, "export BUCKET=shop-analytics-moleculer-commerce-production-jobs\n") && strcontains(output.submit_settings, "export KAFKA_PROPERTIES=projects/shop-analytics/secrets/moleculer-commerce-production-kafka/versions/latest")
    error_message = "submit.sh must get the bucket of jobs and the secret of Kafka."
  }
  assert {
    condition     = google_kms_crypto_key.this.rotation_period == "7776000s" && google_kms_crypto_key.this.destroy_scheduled_duration == "2592000s" && alltrue([for grant in google_kms_crypto_key_iam_member.agents : grant.role == "roles/cloudkms.cryptoKeyEncrypterDecrypter"]) && sort([for grant in google_kms_crypto_key_iam_member.agents : grant.member]) == sort([for agent in ["compute-system", "dataproc-accounts", "gcp-sa-secretmanager", "gs-project-accounts"] : "serviceAccount:service-123456789012@${agent}.iam.gserviceaccount.com"])
    error_message = "The key must be rotated, and be used by Google's own accounts only."
  }
  assert {
    condition     = alltrue([for service in google_project_service.this : !service.disable_on_destroy])
    error_message = "APIs that others may use must stay on."
  }
}

run "dev_is_cheap_and_goes_away" {
  command   = plan
  state_key = "dev"

  variables {
    environment = "dev"
  }
  assert {
    condition     = local.size.workers == 0 && local.size.idle_delete_s == 7200 && !local.size.is_kept
    error_message = "dev must have one machine, which is deleted when it is idle."
  }
}

run "the_tunnels_come_with_their_secrets" {
  command = apply

  variables {
    aws_tunnels = [for n in range(4) : {
      outside_address = "198.51.100.${n}"
      inside_address  = "169.254.10.${4 * n + 1}"
      own_address     = "169.254.10.${4 * n + 2}"
      asn             = 64512
    }]
    aws_tunnel_secrets = [for n in range(4) : "a-pre-shared-key-of-tunnel-${n}"]
  }
  assert {
    condition     = module.network.tunnels == 4
    error_message = "All tunnels must be made."
  }
}

run "variables_of_dev_are_refused_on_the_state_of_production" {
  command = plan

  variables {
    environment = "dev"
  }

  expect_failures = [terraform_data.environment]
}

run "another_project_is_refused_on_the_state_of_production" {
  command = plan

  variables {
    project = "another-project"
  }

  expect_failures = [terraform_data.environment]
}

run "another_environment_is_refused" {
  command = plan

  variables {
    environment = "test"
  }
  expect_failures = [var.environment]
}

run "half_of_the_tunnels_are_refused" {
  command = plan

  variables {
    aws_tunnels        = [for n in range(2) : { outside_address = "198.51.100.${n}", inside_address = "169.254.10.1", own_address = "169.254.10.2", asn = 64512 }]
    aws_tunnel_secrets = ["a", "b"]
  }
  expect_failures = [var.aws_tunnels]
}

run "tunnels_without_their_secrets_are_refused" {
  command = plan

  variables {
    aws_tunnels = [for n in range(4) : { outside_address = "198.51.100.${n}", inside_address = "169.254.10.1", own_address = "169.254.10.2", asn = 64512 }]
  }
  expect_failures = [var.aws_tunnel_secrets]
}

run "public_addresses_are_refused_as_a_range" {
  command = plan

  variables {
    range = "203.0.113.0/24"
  }
  expect_failures = [var.range]
}
