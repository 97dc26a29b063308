# What each environment has. dev has one machine, which is deleted after two hours without a job; production has two workers, one of
# which may be lost.

locals {
  sizes = {
    dev = {
      master_type      = "e2-standard-2"
      worker_type      = "e2-standard-2"
      workers          = 0
      idle_delete_s    = 7200
      flow_log_samples = 0.1
      is_kept          = false
    }
    production = {
      master_type      = "n2-standard-2"
      worker_type      = "n2-standard-2"
      workers          = 2
      idle_delete_s    = null
      flow_log_samples = 0.5
      is_kept          = true
    }
  }

  size = local.sizes[var.environment]
}
