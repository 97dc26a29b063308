terraform {
  required_version = "~> 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # The bucket is in a file: terraform init -backend-config=environments/production.gcs.tfbackend
  backend "gcs" {
    prefix = "moleculer-commerce"
  }
}

provider "google" {
  project = var.project
  region  = var.region

  default_labels = {
    application = "moleculer-commerce"
    environment = var.environment
    managed-by  = "terraform"
  }
}
