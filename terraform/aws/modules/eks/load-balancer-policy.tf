# Rights of the AWS Load Balancer Controller, after its own policy (version 2.13): without WAF classic, Shield and Cognito,
# which the Ingress does not use, and with resources of this account and region in place of "*" where AWS knows them.

locals {
  ec2 = "arn:${var.account.partition}:ec2:${var.account.region}:${var.account.id}"
  elb = "arn:${var.account.partition}:elasticloadbalancing:${var.account.region}:${var.account.id}"

  # app: the Ingress; net: the Service of the component bus-load-balancer, whose listeners have no rules but need this form for tags.
  kinds          = ["app", "net"]
  load_balancers = concat([for kind in local.kinds : "${local.elb}:loadbalancer/${kind}/*"], ["${local.elb}:targetgroup/*"])
  listeners      = flatten([for kind in local.kinds : ["${local.elb}:listener/${kind}/*", "${local.elb}:listener-rule/${kind}/*"]])

  is_of_cluster      = { StringEquals = { "aws:ResourceTag/elbv2.k8s.aws/cluster" = var.name } }
  becomes_of_cluster = { StringEquals = { "aws:RequestTag/elbv2.k8s.aws/cluster" = var.name } }

  load_balancer_controller = [
    {
      Sid       = "MakeTheRoleOfLoadBalancers"
      Effect    = "Allow"
      Action    = ["iam:CreateServiceLinkedRole"]
      Resource  = ["arn:${var.account.partition}:iam::${var.account.id}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"]
      Condition = { StringEquals = { "iam:AWSServiceName" = "elasticloadbalancing.amazonaws.com" } }
    },
    {
      Sid    = "SeeNetworksAndLoadBalancers"
      Effect = "Allow"
      Action = [
        "acm:ListCertificates",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
        "elasticloadbalancing:DescribeCapacityReservation",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListenerCertificates",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeSSLPolicies",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DescribeTrustStores"
      ]
      Resource = ["*"]
    },
    {
      Sid      = "SeeCertificates"
      Effect   = "Allow"
      Action   = ["acm:DescribeCertificate"]
      Resource = ["arn:${var.account.partition}:acm:${var.account.region}:${var.account.id}:certificate/*"]
    },
    {
      Sid    = "AttachTheFirewall"
      Effect = "Allow"
      Action = ["wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"]
      Resource = [
        "arn:${var.account.partition}:wafv2:${var.account.region}:${var.account.id}:regional/webacl/${var.name}/*",
        "${local.elb}:loadbalancer/app/*"
      ]
    },
    {
      Sid      = "AttachTheFirewallToALoadBalancer"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:SetWebAcl"]
      Resource = ["${local.elb}:loadbalancer/app/*"]
    },
    {
      Sid      = "MakeSecurityGroups"
      Effect   = "Allow"
      Action   = ["ec2:CreateSecurityGroup"]
      Resource = ["${local.ec2}:security-group/*", "${local.ec2}:vpc/*"]
    },
    {
      Sid      = "TagNewSecurityGroups"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.ec2}:security-group/*"]
      Condition = {
        StringEquals = { "ec2:CreateAction" = "CreateSecurityGroup", "aws:RequestTag/elbv2.k8s.aws/cluster" = var.name }
      }
    },
    {
      Sid       = "ChangeOwnSecurityGroups"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags", "ec2:DeleteTags", "ec2:DeleteSecurityGroup"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = local.is_of_cluster
    },
    {
      Sid       = "LetTheLoadBalancerReachPods"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
      Resource  = ["${local.ec2}:security-group/*"]
      Condition = { ArnEquals = { "ec2:Vpc" = "${local.ec2}:vpc/${var.vpc_id}" } }
    },
    {
      # Needed besides the group itself, where a new rule has tags.
      Sid      = "MakeRulesOfThem"
      Effect   = "Allow"
      Action   = ["ec2:AuthorizeSecurityGroupIngress"]
      Resource = ["${local.ec2}:security-group-rule/*"]
    },
    {
      Sid       = "MakeLoadBalancers"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:AddTags"]
      Resource  = local.load_balancers
      Condition = local.becomes_of_cluster
    },
    {
      Sid    = "ChangeOwnLoadBalancers"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets"
      ]
      Resource  = local.load_balancers
      Condition = local.is_of_cluster
    },
    {
      # A new rule has no tags yet, so these go by the kind of resource.
      Sid    = "ChangeListeners"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetRulePriorities"
      ]
      Resource = local.listeners
    }
  ]
}
