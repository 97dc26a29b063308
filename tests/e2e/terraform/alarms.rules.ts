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
