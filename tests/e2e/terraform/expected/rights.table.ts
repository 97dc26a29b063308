/** Actions of each role that is not the shop's own, in their order. They are written down here once more, so that one which is added or
 * lost is seen; the shop's own are compared with its calls. The controller's are those of its own policy, version 2.13. */
export const rightsOf: Readonly<Record<string, readonly [service: string, actions: string][]>> = {
	'eks.aws_iam_role_policy.pod["cluster-autoscaler"]': [
		[
			"autoscaling",
			[
				"DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeLaunchConfigurations DescribeScalingActivities",
				"DescribeTags SetDesiredCapacity TerminateInstanceInAutoScalingGroup"
			].join(" ")
		],
		[
			"ec2",
			"DescribeImages DescribeInstanceTypes DescribeLaunchTemplateVersions GetInstanceTypesFromInstanceRequirements"
		],
		["eks", "DescribeNodegroup"]
	],
	'eks.aws_iam_role_policy.pod["external-secrets"]': [
		["secretsmanager", "DescribeSecret GetSecretValue"]
	],
	'eks.aws_iam_role_policy.pod["load-balancer-controller"]': [
		["acm", "DescribeCertificate ListCertificates"],
		[
			"ec2",
			[
				"AuthorizeSecurityGroupIngress CreateSecurityGroup CreateTags DeleteSecurityGroup DeleteTags",
				"DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeInstances",
				"DescribeInternetGateways DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups DescribeSubnets",
				"DescribeTags DescribeVpcs GetSecurityGroupsForVpc RevokeSecurityGroupIngress"
			].join(" ")
		],
		[
			"elasticloadbalancing",
			[
				"AddListenerCertificates AddTags CreateListener CreateLoadBalancer CreateRule CreateTargetGroup DeleteListener",
				"DeleteLoadBalancer DeleteRule DeleteTargetGroup DeregisterTargets DescribeCapacityReservation",
				"DescribeListenerAttributes DescribeListenerCertificates DescribeListeners DescribeLoadBalancerAttributes",
				"DescribeLoadBalancers DescribeRules DescribeSSLPolicies DescribeTags DescribeTargetGroupAttributes",
				"DescribeTargetGroups DescribeTargetHealth DescribeTrustStores ModifyListener ModifyListenerAttributes",
				"ModifyLoadBalancerAttributes ModifyRule ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets",
				"RemoveListenerCertificates RemoveTags SetIpAddressType SetRulePriorities SetSecurityGroups SetSubnets",
				"SetWebAcl"
			].join(" ")
		],
		["iam", "CreateServiceLinkedRole"],
		["wafv2", "AssociateWebACL DisassociateWebACL GetWebACL GetWebACLForResource"]
	],
	'lambda.aws_iam_role_policy.function["notification"]': [
		[
			"ec2",
			[
				"AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces",
				"DescribeSecurityGroups DescribeSubnets DescribeVpcs UnassignPrivateIpAddresses"
			].join(" ")
		],
		[
			"kafka-cluster",
			"AlterGroup Connect DescribeClusterDynamicConfiguration DescribeGroup DescribeTopic ReadData"
		],
		["kafka", "DescribeCluster DescribeClusterV2 GetBootstrapBrokers"],
		["kms", "GenerateDataKey"],
		["logs", "CreateLogStream PutLogEvents"],
		["secretsmanager", "GetSecretValue"],
		["sqs", "DeleteMessage GetQueueAttributes ReceiveMessage SendMessage"]
	],
	"vpc.aws_iam_role_policy.flows": [["logs", "CreateLogStream DescribeLogStreams PutLogEvents"]]
};
