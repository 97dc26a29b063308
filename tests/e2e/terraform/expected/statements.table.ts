/**
 * What each statement of each policy is about, and under which condition: rights.table.ts and access.rules.ts have its actions.
 * ARNs are without partition, region and account, `<name>` is the name of the environment, and `<id>` that of a cluster. They stand here once more, so
 * that a wider resource or a condition that is lost is seen.
 */
export type Statements = Readonly<Record<string, readonly [on: string, onlyIf: string]>>;

const thisAccount = "StringEquals aws:SourceAccount 123456789012";
const ofAccount: Statements = {
	IamOfThisAccountDecides: ["*", "StringEquals kms:CallerAccount 123456789012"]
};
const taken: Statements = { "0": ["", ""] };
const takenHere: Statements = { "0": ["", thisAccount] };
const tlsOnly = (bucket: string): Statements => ({
	TlsOnly: [
		`s3:::<name>-${bucket}-123456789012 s3:::<name>-${bucket}-123456789012/*`,
		"Bool aws:SecureTransport false"
	]
});

/** Of the notification service, in a pod and as a function. */
const sendsMessages: Statements = {
	SendMailFromTheShop: [
		"ses:identity/shop.example ses:identity/orders@shop.example ses:configuration-set/*",
		"StringEquals ses:FromAddress orders@shop.example"
	],
	KeepMessages: ["dynamodb:table/mocked dynamodb:table/mocked/index/*", ""],
	DecryptMessages: [
		"kms:key/data",
		"StringEquals kms:ViaService dynamodb.eu-central-1.amazonaws.com"
	],
	SendTextMessages: ["not sns:*:*:*", ""],
	PublishToTheTopic: ["sns:events", ""]
};

const ofCluster = "StringEquals aws:ResourceTag/elbv2.k8s.aws/cluster <name>";

export const statementsOfAll: Readonly<Record<string, Statements>> = {
	'aws_kms_key.this["cluster"]': ofAccount,
	'aws_kms_key.this["data"]': ofAccount,
	'aws_kms_key.this["logs"]': {
		...ofAccount,
		LogsOfThisAccount: ["*", "ArnLike kms:EncryptionContext:aws:logs:arn logs:*"]
	},
	'aws_kms_key.this["messages"]': {
		...ofAccount,
		EventsOfRules: ["*", ""],
		AlarmsOfThisAccount: ["*", thisAccount]
	},
	'aws_kms_key.this["secrets"]': ofAccount,
	"eks.aws_iam_role.cluster": taken,
	"eks.aws_iam_role.machine": taken,
	'eks.aws_iam_role.pod["cluster-autoscaler"]': takenHere,
	'eks.aws_iam_role.pod["external-secrets"]': takenHere,
	'eks.aws_iam_role.pod["load-balancer-controller"]': takenHere,
	'eks.aws_iam_role.pod["notification"]': takenHere,
	'eks.aws_iam_role_policy.pod["cluster-autoscaler"]': {
		SeeGroupsAndMachines: ["*", ""],
		SeeTheGroupOfThisCluster: ["eks:nodegroup/<name>/*", ""],
		ChangeGroupsOfThisCluster: [
			"autoscaling:autoScalingGroup:*",
			"StringEquals aws:ResourceTag/k8s.io/cluster-autoscaler/<name> owned"
		]
	},
	'eks.aws_iam_role_policy.pod["external-secrets"]': {
		ReadSecretsOfTheShop: [
			[
				"moleculer-commerce/production/*",
				"rds!db-mocked",
				...["analytics", "notification", "order", "product", "webhook"].map(
					user => `AmazonMSK_${user}`
				)
			]
				.map(name => `secretsmanager:secret:${name}`)
				.join(" "),
			""
		],
		DecryptThem: [
			"kms:key/secrets",
			"StringEquals kms:ViaService secretsmanager.eu-central-1.amazonaws.com"
		]
	},
	'eks.aws_iam_role_policy.pod["load-balancer-controller"]': {
		MakeTheRoleOfLoadBalancers: [
			"iam:role/aws-service-role/elasticloadbalancing.amazonaws.com/*",
			"StringEquals iam:AWSServiceName elasticloadbalancing.amazonaws.com"
		],
		SeeNetworksAndLoadBalancers: ["*", ""],
		SeeCertificates: ["acm:certificate/*", ""],
		AttachTheFirewall: [
			"wafv2:regional/webacl/<name>/* elasticloadbalancing:loadbalancer/app/*",
			""
		],
		AttachTheFirewallToALoadBalancer: ["elasticloadbalancing:loadbalancer/app/*", ""],
		MakeSecurityGroups: ["ec2:security-group/* ec2:vpc/*", ""],
		TagNewSecurityGroups: [
			"ec2:security-group/*",
			"StringEquals aws:RequestTag/elbv2.k8s.aws/cluster <name>, StringEquals ec2:CreateAction CreateSecurityGroup"
		],
		ChangeOwnSecurityGroups: ["ec2:security-group/*", ofCluster],
		LetTheLoadBalancerReachPods: [
			"ec2:security-group/*",
			"ArnEquals ec2:Vpc ec2:vpc/vpc-0123456789abcdef0"
		],
		MakeRulesOfThem: ["ec2:security-group-rule/*", ""],
		MakeLoadBalancers: [
			"elasticloadbalancing:loadbalancer/app/* elasticloadbalancing:loadbalancer/net/* elasticloadbalancing:targetgroup/*",
			"StringEquals aws:RequestTag/elbv2.k8s.aws/cluster <name>"
		],
		ChangeOwnLoadBalancers: [
			"elasticloadbalancing:loadbalancer/app/* elasticloadbalancing:loadbalancer/net/* elasticloadbalancing:targetgroup/*",
			ofCluster
		],
		ChangeListeners: [
			"elasticloadbalancing:listener/app/* elasticloadbalancing:listener-rule/app/* elasticloadbalancing:listener/net/* elasticloadbalancing:listener-rule/net/*",
			""
		]
	},
	'eks.aws_iam_role_policy.pod["notification"]': sendsMessages,
	'lambda.aws_iam_role.function["notification"]': taken,
	'lambda.aws_iam_role_policy.function["notification"]': {
		WriteOwnLog: ["logs:log-group:mocked:*", ""],
		ReadRequests: ["sqs:requests", ""],
		ReadSecrets: [
			["notification", "nats-notification", "certificates"]
				.map(name => `secretsmanager:secret:${name}`)
				.join(" "),
			""
		],
		DecryptSecrets: [
			"kms:key/secrets",
			"StringEquals kms:ViaService secretsmanager.eu-central-1.amazonaws.com"
		],
		KeepDeadLetters: ["sqs:failed", ""],
		DecryptSettingsAndRequests: ["kms:key/data kms:key/messages", ""],
		FindBrokers: ["kafka:cluster/mocked/<id>", ""],
		ConnectToBrokers: ["kafka:cluster/mocked/<id>", ""],
		ReadTopics: ["kafka:topic/mocked/<id>/orders kafka:topic/mocked/<id>/notifications", ""],
		KeepPositions: [
			"kafka:group/mocked/<id>/<name>-notification-orders kafka:group/mocked/<id>/<name>-notification-notifications",
			""
		],
		SeeNetworks: ["*", ""],
		JoinTheNetworkOfBrokers: ["ec2:network-interface/* ec2:subnet/* ec2:security-group/*", ""]
	},
	'lambda.aws_iam_role_policy.messages["notification"]': sendsMessages,
	'lambda.aws_sqs_queue_policy.this["failed"]': {
		EventsOfTheBus: ["sqs:failed", "ArnEquals aws:SourceArn events:rule/shop"]
	},
	'lambda.aws_sqs_queue_policy.this["requests"]': {
		EventsOfTheBus: ["sqs:requests", "ArnEquals aws:SourceArn events:rule/shop"]
	},
	"observability.aws_sns_topic_policy.alarms": {
		AlarmsAndBudgetOfThisAccount: ["sns:mocked", thisAccount]
	},
	"rds.aws_iam_role.monitoring": takenHere,
	's3.aws_s3_bucket_policy.this["backups"]': tlsOnly("backups"),
	's3.aws_s3_bucket_policy.this["images"]': tlsOnly("images"),
	's3.aws_s3_bucket_policy.this["logs"]': {
		...tlsOnly("logs"),
		LoadBalancerLogs: ["s3:::<name>-logs-123456789012/alb/AWSLogs/123456789012/*", thisAccount],
		BucketLogs: ["s3:::<name>-logs-123456789012/s3/*", thisAccount]
	},
	"vpc.aws_iam_role.flows": takenHere,
	"vpc.aws_iam_role_policy.flows": { "0": ["logs:log-group:flows:*", ""] },
	...Object.fromEntries(
		["administrator", "analytics", "flink", "notification", "order", "product", "webhook"].map(
			user => [
				`msk.aws_secretsmanager_secret_policy.kafka["${user}"]`,
				{ AWSKafkaResourcePolicy: [`secretsmanager:secret:AmazonMSK_${user}`, ""] }
			]
		)
	)
};
