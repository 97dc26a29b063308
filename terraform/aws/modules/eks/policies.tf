# Rights of the operators of the cluster. "*" stands only for actions that have no resources (tests/e2e/terraform/policies.rules.ts).

locals {
  external_secrets = [
    {
      Sid      = "ReadSecretsOfTheShop"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = concat(["${local.secret_arn}:${var.secret_prefix}*"], var.other_secret_arns)
    },
    {
      Sid       = "DecryptThem"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.secrets_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.account.region}.amazonaws.com" } }
    }
  ]

  secret_arn = "arn:${var.account.partition}:secretsmanager:${var.account.region}:${var.account.id}:secret"

  cluster_autoscaler = [
    {
      Sid    = "SeeGroupsAndMachines"
      Effect = "Allow"
      Action = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements"
      ]
      Resource = ["*"]
    },
    {
      Sid      = "SeeTheGroupOfThisCluster"
      Effect   = "Allow"
      Action   = ["eks:DescribeNodegroup"]
      Resource = ["arn:${var.account.partition}:eks:${var.account.region}:${var.account.id}:nodegroup/${var.name}/*"]
    },
    {
      Sid       = "ChangeGroupsOfThisCluster"
      Effect    = "Allow"
      Action    = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
      Resource  = ["arn:${var.account.partition}:autoscaling:${var.account.region}:${var.account.id}:autoScalingGroup:*"]
      Condition = { StringEquals = { "aws:ResourceTag/k8s.io/cluster-autoscaler/${var.name}" = "owned" } }
    }
  ]
}
