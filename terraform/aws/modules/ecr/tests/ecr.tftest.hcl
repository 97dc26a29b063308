mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  data_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/data"
}

run "a_tag_never_changes_and_images_are_scanned" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.name == "moleculer-commerce" && aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "The tag of a version must always be the same image."
  }
  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images must be scanned when they are pushed."
  }
  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS" && aws_ecr_repository.this.encryption_configuration[0].kms_key == var.data_key_arn
    error_message = "Images must be encrypted with our key."
  }
  assert {
    condition     = !aws_ecr_repository.this.force_delete
    error_message = "A repository with images must not be deleted unless that is said."
  }
}

run "old_images_are_removed" {
  command = apply

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[1].selection.countNumber == 30
    error_message = "There must be a limit of images."
  }
}

run "a_single_image_is_refused" {
  command = plan

  variables {
    kept_images = 1
  }
  expect_failures = [var.kept_images]
}
