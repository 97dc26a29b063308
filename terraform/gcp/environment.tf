# Which environment a state is of, as its first apply has written it. Variables of another one would replace all that the state has, so
# a plan with them is refused: the value stays as it was written, and the condition is checked before anything changes.

locals {
  environment = {
    project     = var.project
    environment = var.environment
    region      = var.region
  }
}

resource "terraform_data" "environment" {
  input = local.environment

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == local.environment
      error_message = "This state is of ${jsonencode(self.output)}, and the variables are of ${jsonencode(local.environment)}. Each environment has a state of its own: run init with its .tfbackend file, and its own TF_DATA_DIR."
    }
  }
}
