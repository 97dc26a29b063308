# Add-ons of EKS, each in the version that AWS has as the default for this version of Kubernetes, or in one of `addon_versions`. The first ones are there before a machine, which is not ready without them. The default is what AWS gives a new cluster of this version, and it exists in each region; a version that is written down here may be withdrawn, or not fit another Kubernetes, and the newest one has been in use for days only. AWS changes a default now and then: the next plan shows it, and `addon_versions` holds an add-on back.

locals {
  addons_before_machines = {
    vpc-cni = jsonencode({ enableNetworkPolicy = "true", env = { ENABLE_PREFIX_DELEGATION = "true" } })
    # Kubernetes replaces addresses of Services in each machine by it.
    kube-proxy             = null
    eks-pod-identity-agent = null
  }

  addons = merge(
    { coredns = null, metrics-server = null },
    # No pod of the overlays staging and production has a volume; those of k8s/overlays/logging have.
    var.block_volumes ? { aws-ebs-csi-driver = null } : {}
  )
}

data "aws_eks_addon_version" "this" {
  for_each = merge(local.addons_before_machines, local.addons)

  addon_name         = each.key
  kubernetes_version = var.kubernetes_version
}

locals {
  addon_versions = merge({ for name, addon in data.aws_eks_addon_version.this : name => addon.version }, var.addon_versions)
}

resource "aws_eks_addon" "before_machines" {
  for_each = local.addons_before_machines

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = local.addon_versions[each.key]
  configuration_values        = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "this" {
  for_each = local.addons

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = local.addon_versions[each.key]
  configuration_values        = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_node_group.this]
}
