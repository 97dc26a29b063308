# What each environment has. dev is cheap and may be lost; staging is small and like production; production outlives a zone.

locals {
  sizes = {
    dev = {
      nat_per_zone        = false
      interface_endpoints = []
      machines            = { instance_types = ["t3.large", "t3a.large"], capacity_type = "SPOT", min = 2, max = 4, disk_gib = 30 }
      database            = { class = "db.t4g.small", multi_az = false, connections = 210, storage = { initial = 20, most = 50 }, backup_days = 1 }
      broker              = { type = "kafka.t3.small", storage_gib = 10 }
      requests            = 2000
      log_days            = 7
      is_kept             = false
      final_snapshot      = false
      budget_usd          = 500
    }
    staging = {
      nat_per_zone        = false
      interface_endpoints = []
      machines            = { instance_types = ["t3.large", "t3a.large"], capacity_type = "ON_DEMAND", min = 3, max = 5, disk_gib = 50 }
      database            = { class = "db.t4g.medium", multi_az = false, connections = 250, storage = { initial = 50, most = 200 }, backup_days = 7 }
      broker              = { type = "kafka.t3.small", storage_gib = 50 }
      requests            = 2000
      log_days            = 30
      is_kept             = true
      final_snapshot      = true
      budget_usd          = 800
    }
    production = {
      nat_per_zone        = true
      interface_endpoints = ["ecr.api", "ecr.dkr", "eks-auth", "secretsmanager", "sts"]
      machines            = { instance_types = ["m7i.large", "m6i.large"], capacity_type = "ON_DEMAND", min = 3, max = 9, disk_gib = 50 }
      database            = { class = "db.m7g.large", multi_az = true, connections = 400, storage = { initial = 100, most = 1000 }, backup_days = 35 }
      broker              = { type = "kafka.m7g.large", storage_gib = 100 }
      requests            = 2000
      log_days            = 90
      is_kept             = true
      final_snapshot      = true
      budget_usd          = 2000
    }
  }

  size = local.sizes[var.environment]
}
