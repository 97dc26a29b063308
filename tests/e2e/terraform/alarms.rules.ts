import type { StateResource } from "./test-report.ts";

/** Dimensions that AWS gives the metrics of a namespace. An alarm with others has no data, and never rings. */
const dimensionsOf: Readonly<Record<string, readonly string[]>> = {
	"AWS/Lambda": ["FunctionName"],
	"AWS/SQS": ["QueueName"],
	"AWS/RDS": ["DBInstanceIdentifier"],
	"AWS/NATGateway": ["NatGatewayId"],
	"AWS/ApplicationELB": ["LoadBalancer"],
	// Of the whole cluster, or of a broker.
	"AWS/Kafka": ["Cluster Name", "Broker ID,Cluster Name"]
};

/** Namespace → the resources that its dimensions name, and the argument with the name. */
const namedBy: Readonly<Record<string, readonly [type: string, argument: string]>> = {
	FunctionName: ["aws_lambda_function", "function_name"],
	QueueName: ["aws_sqs_queue", "name"],
	DBInstanceIdentifier: ["aws_db_instance", "identifier"],
	NatGatewayId: ["aws_nat_gateway", "id"],
	"Cluster Name": ["aws_msk_cluster", "cluster_name"]
};

/**
 * Metric → its alarm: above or below what, over how many minutes, of which statistic, and how minutes without data are
 * treated. Lambda, SQS and load balancers send none while nothing happens. Written down once more, as sizes are.
 */
const bounds: Readonly<Record<string, string>> = {
	"AWS/ApplicationELB HTTPCode_ELB_5XX_Count": "Sum > 10 for 5, notBreaching",
	"AWS/ApplicationELB HTTPCode_Target_5XX_Count": "Sum > 10 for 5, notBreaching",
	"AWS/ApplicationELB RejectedConnectionCount": "Sum > 0 for 5, notBreaching",
	"AWS/ApplicationELB TargetResponseTime": "p99 > 2 for 10, notBreaching",
	"AWS/Kafka KafkaDataLogsDiskUsed": "Maximum > 85 for 15, notBreaching",
	"AWS/Kafka OfflinePartitionsCount": "Maximum > 0 for 1, notBreaching",
	"AWS/Kafka UnderReplicatedPartitions": "Maximum > 0 for 15, notBreaching",
	"AWS/Lambda Duration": "p99 > 110000 for 15, notBreaching",
	"AWS/Lambda Errors": "Sum > 0 for 5, notBreaching",
	"AWS/Lambda OffsetLag": "Maximum > 1000 for 15, notBreaching",
	"AWS/Lambda Throttles": "Sum > 0 for 15, notBreaching",
	"AWS/NATGateway ErrorPortAllocation": "Sum > 0 for 5, notBreaching",
	"AWS/NATGateway PacketsDropCount": "Sum > 0 for 5, notBreaching",
	"AWS/RDS CPUUtilization": "Average > 80 for 15, notBreaching",
	"AWS/RDS DatabaseConnections": "Average > 340 for 5, notBreaching",
	"AWS/RDS FreeStorageSpace": "Average < 16106127360 for 15, notBreaching",
	"AWS/RDS FreeableMemory": "Average < 268435456 for 15, notBreaching",
	"AWS/SQS ApproximateAgeOfOldestMessage": "Maximum > 900 for 5, notBreaching",
	"AWS/SQS ApproximateNumberOfMessagesVisible": "Maximum > 0 for 5, notBreaching"
};

const signs: Readonly<Record<string, string>> = {
	GreaterThanThreshold: ">",
	LessThanThreshold: "<"
};

/** Metrics with another alarm than that of the table, and those that have none. @param resources of production */
export function boundFaults(resources: readonly StateResource[]): string[] {
	const alarms = resources.filter(({ type }) => type === "aws_cloudwatch_metric_alarm");
	const found = alarms.map(({ address, values }) => {
		const minutes = (Number(values.period) * Number(values.evaluation_periods)) / 60;
		const statistic = values.statistic ?? values.extended_statistic;
		const above = signs[String(values.comparison_operator)];
		return {
			address,
			metric: `${String(values.namespace)} ${String(values.metric_name)}`,
			bound: `${String(statistic)} ${above} ${Number(values.threshold)} for ${minutes}, ${String(values.treat_missing_data)}`
		};
	});
	return [
		...found
			.filter(({ metric, bound }) => bounds[metric] !== bound)
			.map(({ address, metric, bound }) => `${address}: ${metric}: ${bound}`),
		...Object.keys(bounds)
			.filter(metric => !found.some(one => one.metric === metric))
			.map(metric => `${metric} has no alarm`)
	];
}

export function alarmFaults(resources: readonly StateResource[]): string[] {
	const names = (type: string, argument: string) =>
		resources.filter(one => one.type === type).map(({ values }) => values[argument]);
	const topics = names("aws_sns_topic", "arn");
	return resources
		.filter(({ type }) => type === "aws_cloudwatch_metric_alarm")
		.flatMap(({ address, values }) => {
			const dimensions = values.dimensions as Record<string, string>;
			const known = dimensionsOf[String(values.namespace)] ?? [];
			const unknown = Object.entries(dimensions).filter(([dimension, name]) => {
				const by = namedBy[dimension];
				return by && !names(...by).includes(name);
			});
			const rings = [values.alarm_actions].flat().some(action => topics.includes(action));
			return [
				...(known.includes(Object.keys(dimensions).toSorted().join(","))
					? []
					: [`${address}: ${String(values.namespace)} has no such dimensions`]),
				...unknown.map(([dimension, name]) => `${address}: there is no ${dimension} ${name}`),
				...(rings ? [] : [`${address}: reaches no topic`])
			];
		});
}
