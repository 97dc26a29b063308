import { variables } from "../../config/env.ts";
import { topics } from "../../streams/messages/topics.ts";
import type { Sources } from "../architecture.rules.ts";
import { awsActions } from "./aws-actions.ts";
import { behaviourFaults } from "./behaviour.rules.ts";
import { functionOf, statementsOf, type Template } from "./template-file.ts";

/** Settings of the function that a node does not have (lambda/settings.ts). */
const ofFunction = ["SECRET_IDS", "DEAD_LETTER_QUEUE_URL"];

/** What Lambda itself does with the function's rights, and what KMS needs for what the function reads. */
const ofLambda = [
	"ec2:DescribeSecurityGroups",
	"ec2:DescribeSubnets",
	"ec2:DescribeVpcs",
	"kafka:DescribeCluster",
	"kafka:DescribeClusterV2",
	"kafka:GetBootstrapBrokers",
	"kms:Decrypt"
];

/** Statements that may name all resources, because their actions have none. */
const withoutResource = ["KafkaNetwork"];

/** Metrics that an alarm watches. */
const watched = [
	"ApproximateAgeOfOldestMessage",
	"ApproximateNumberOfMessagesVisible",
	"Duration",
	"Errors",
	"OffsetLag",
	"Throttles"
];

const listed = (what: string, found: readonly string[]) => found.map(one => `${what}: ${one}`);
const without = (all: readonly string[], known: readonly string[]) =>
	all.filter(one => !known.includes(one));

function rightsFaults(template: Template, sources: Sources): string[] {
	const statements = statementsOf(template);
	const allowed = statements.flatMap(({ Action }) => Action);
	const called = awsActions(sources, "lambda/index.ts");
	const wide = statements.filter(
		({ Sid, Resource }) => JSON.stringify(Resource) === '"*"' && !withoutResource.includes(Sid)
	);
	return [
		...listed("is called and not allowed", without(called, allowed)),
		...listed("is allowed and not called", without(allowed, [...called, ...ofLambda])),
		...wide.map(({ Sid }) => `${Sid} names all resources`)
	];
}

function resourcesOf<P>(template: Template, type: string): [name: string, properties: P][] {
	return Object.entries(template.Resources)
		.filter(([, { Type }]) => Type === type)
		.map(([name, { Properties }]) => [name, Properties as P]);
}

function sourceFaults(template: Template): string[] {
	type Mapping = {
		Topics: string[];
		FunctionResponseTypes: string[];
		ProvisionedPollerConfig?: object;
	};
	const mappings = resourcesOf<Mapping>(template, "AWS::Lambda::EventSourceMapping");
	const read = mappings.flatMap(([, { Topics }]) => Topics);
	const whole = mappings.filter(
		([, { FunctionResponseTypes: types, ProvisionedPollerConfig: pollers }]) =>
			!types?.includes("ReportBatchItemFailures") || !pollers
	);
	const wanted = [topics.orders, topics.notifications];
	return [
		...listed("no source reads the topic", without(wanted, read)),
		...listed("a source reads the topic", without(read, wanted)),
		...whole.map(([name]) => `${name} has no partial responses`)
	];
}

function timeFaults(template: Template, reservedMs: number): string[] {
	const { Timeout } = functionOf(template);
	const visibleS = template.Resources.EventQueue!.Properties.VisibilityTimeout as number;
	return [
		...(Timeout * 1000 < 2 * reservedMs ? ["Timeout leaves no time to send"] : []),
		...(visibleS < 6 * Timeout ? ["EventQueue shows a message again too early"] : [])
	];
}

/** Everything in which the template disagrees with the function. @param reservedMs of lambda/handler.ts */
export function templateFaults(template: Template, sources: Sources, reservedMs: number): string[] {
	const { Handler, Environment } = functionOf(template);
	const names = Object.keys(Environment.Variables);
	const metrics = resourcesOf<{ MetricName: string }>(template, "AWS::CloudWatch::Alarm");
	return [
		...(Handler === "index.handler" ? [] : [`Handler is ${Handler}`]),
		...listed("no setting", without(names, [...Object.keys(variables), ...ofFunction])),
		...listed("is not set", without(ofFunction, names)),
		...listed(
			"no alarm watches",
			without(
				watched,
				metrics.map(([, { MetricName }]) => MetricName)
			)
		),
		...rightsFaults(template, sources),
		...sourceFaults(template),
		...behaviourFaults(template),
		...timeFaults(template, reservedMs)
	];
}
