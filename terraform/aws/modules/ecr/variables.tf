variable "repository" {
  type        = string
  description = "Name of the repository"
  default     = "moleculer-commerce"

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.repository))
    error_message = "repository must be lower-case letters and digits, with single . _ / or - between."
  }
}

variable "kept_images" {
  type        = number
  description = "How many images are kept"
  default     = 30

  validation {
    condition     = var.kept_images >= 2 && var.kept_images <= 1000
    error_message = "kept_images must be 2 to 1000: the way back needs the image before."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether a repository with images refuses to be deleted"
  default     = true
}

variable "data_key_arn" {
  type        = string
  description = "KMS key that encrypts images"

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.data_key_arn))
    error_message = "data_key_arn must be the ARN of a KMS key."
  }
}
