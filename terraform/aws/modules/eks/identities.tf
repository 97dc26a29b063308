# Who in the cluster may do what on AWS, by EKS Pod Identity: one role for each service account.

locals {
  controllers = merge(
    {
      external-secrets = {
        namespace = "external-secrets", service_account = "external-secrets", statements = local.external_secrets
      }
      load-balancer-controller = {
        namespace = "kube-system", service_account = "aws-load-balancer-controller", statements = local.load_balancer_controller
      }
      cluster-autoscaler = {
        namespace = "kube-system", service_account = "cluster-autoscaler", statements = local.cluster_autoscaler
      }
    },
    var.block_volumes ? {
      ebs-csi = { namespace = "kube-system", service_account = "ebs-csi-controller-sa", statements = null }
    } : {}
  )

  policies = merge(
    { for name, one in local.controllers : name => jsonencode({ Version = "2012-10-17", Statement = one.statements }) if one.statements != null },
    { for name, one in var.identities : name => one.policy }
  )

  accounts = merge(
    { for name, one in local.controllers : name => { namespace = one.namespace, service_account = one.service_account } },
    { for name, one in var.identities : name => { namespace = one.namespace, service_account = one.service_account } }
  )
}

resource "aws_iam_role" "pod" {
  for_each = local.accounts

  name = "${var.name}-${each.key}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = { StringEquals = { "aws:SourceAccount" = var.account.id } }
    }]
  })
}

resource "aws_iam_role_policy" "pod" {
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.pod[each.key].id
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "ebs_csi" {
  for_each = var.block_volumes ? toset(["ebs-csi"]) : toset([])

  role       = aws_iam_role.pod[each.key].name
  policy_arn = "arn:${var.account.partition}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = local.accounts

  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.value.service_account
  role_arn        = aws_iam_role.pod[each.key].arn
}
