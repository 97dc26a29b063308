import type { Template } from "./template-file.ts";

/** What the function must do with events that fail, and with itself: values of the template by their path. */
type Row = readonly [path: string, value: unknown, fault: string];

const made = "NotificationFunction/Properties";
const kafka = ["Orders", "StaffEvents"].flatMap((name): Row[] => [
	[`${name}/Properties/StartingPosition`, "TRIM_HORIZON", `${name} skips events`],
	[`${name}/Properties/MaximumRetryAttempts`, -1, `${name} gives events up`],
	// With a destination, Lambda would try ten times and go on.
	[`${name}/Properties/DestinationConfig`, undefined, `${name} gives events up`]
]);

const rows: readonly Row[] = [
	...kafka,
	[
		`${made}/Events/Queue/Properties/FunctionResponseTypes`,
		["ReportBatchItemFailures"],
		"Queue has no partial responses"
	],
	[`${made}/Events/Due/Properties/Schedule`, "rate(1 minute)", "Due is not once a minute"],
	[`${made}/EventInvokeConfig`, { MaximumRetryAttempts: 0 }, "A failed minute of Due is kept"],
	[`${made}/Environment/Variables/DATABASE_POOL`, "1", "DATABASE_POOL is not 1"],
	[
		`${made}/VpcConfig`,
		{ SubnetIds: { Ref: "SubnetIds" }, SecurityGroupIds: { Ref: "SecurityGroupIds" } },
		"VpcConfig is missing"
	],
	[
		"EventQueue/Properties/RedrivePolicy",
		{ deadLetterTargetArn: { "Fn::GetAtt": "DeadLetterQueue.Arn" }, maxReceiveCount: 7 },
		"EventQueue does not give up after seven times"
	],
	[
		"QueuePolicy/Properties/PolicyDocument/Statement/1/Fn::If/1/Condition",
		{ ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": "BusRule.Arn" } } },
		"QueuePolicy lets in other rules"
	]
];

const valueIn = (values: unknown, path: string): unknown =>
	path
		.split("/")
		.reduce<unknown>(
			(value, name) => (value as Record<string, unknown> | undefined)?.[name],
			values
		);

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const actions = {
	"Fn::If": ["HasAlarmTopic", [{ Ref: "AlarmTopicArn" }], { Ref: "AWS::NoValue" }]
};

interface Mapping {
	AmazonManagedKafkaEventSourceConfig?: { ConsumerGroupId?: string };
}

/** The group of the nodes, with which the function would divide the partitions. */
const groupOfNodes = "notification";

export function behaviourFaults({ Resources }: Template): string[] {
	const ofType = (type: string) =>
		Object.entries(Resources).filter(([, { Type }]) => Type === type);
	const groups = ofType("AWS::Lambda::EventSourceMapping").map(
		([, { Properties }]) =>
			(Properties as Mapping).AmazonManagedKafkaEventSourceConfig?.ConsumerGroupId
	);
	const isShared = groups.some(
		group => !group || group === groupOfNodes || groups.filter(one => one === group).length > 1
	);
	return [
		...rows
			.filter(([path, value]) => !isSame(valueIn(Resources, path), value))
			.map(([, , fault]) => fault),
		...ofType("AWS::CloudWatch::Alarm")
			.filter(([, { Properties }]) => !isSame(Properties.AlarmActions, actions))
			.map(([name]) => `${name} reaches no topic`),
		...(isShared ? ["a consumer group is shared"] : [])
	];
}
