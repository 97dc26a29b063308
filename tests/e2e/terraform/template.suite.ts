import { parseTemplate, templateText } from "../../lambda/template-file.ts";
import type { State } from "./test-report.ts";
import { valueAt, valueIn } from "./connections/wiring.rules.ts";

/** What SAM and Terraform deploy has to behave alike; lambda/README.md names where they differ on purpose. */

const lambda = (name: string) => `lambda.aws_${name}["notification"]`;
const mapping = (topic: string) => `lambda.aws_lambda_event_source_mapping.kafka["${topic}"]`;
const made = "NotificationFunction/Properties";

/** What, the resource of Terraform and its argument, the path in the template. */
const alike: readonly [what: string, address: string, path: string, inTemplate: string][] = [
	["memory", lambda("lambda_function.this"), "memory_size", `${made}/MemorySize`],
	["time limit", lambda("lambda_function.this"), "timeout", `${made}/Timeout`],
	["runtime", lambda("lambda_function.this"), "runtime", `${made}/Runtime`],
	[
		"connections to Postgres",
		lambda("lambda_function.this"),
		"environment/0/variables/DATABASE_POOL",
		`${made}/Environment/Variables/DATABASE_POOL`
	],
	[
		"retries of the schedule",
		lambda("lambda_function_event_invoke_config.this"),
		"maximum_retry_attempts",
		`${made}/EventInvokeConfig/MaximumRetryAttempts`
	],
	[
		"schedule",
		lambda("cloudwatch_event_rule.due"),
		"schedule_expression",
		`${made}/Events/Due/Properties/Schedule`
	],
	[
		"retries of EventBridge's schedule",
		lambda("cloudwatch_event_target.due"),
		"retry_policy/0/maximum_retry_attempts",
		`${made}/Events/Due/Properties/RetryPolicy/MaximumRetryAttempts`
	],
	[
		"events of the bus",
		lambda("cloudwatch_event_rule.this"),
		"event_pattern/detail/source",
		"BusRule/Properties/EventPattern/detail/source"
	],
	...[
		["function_response_types", "FunctionResponseTypes"],
		["batch_size", "BatchSize"],
		["maximum_batching_window_in_seconds", "MaximumBatchingWindowInSeconds"]
	].map(([argument, property]): [string, string, string, string] => [
		`${property!} of the queue`,
		lambda("lambda_event_source_mapping.queue"),
		argument!,
		`${made}/Events/Queue/Properties/${property!}`
	]),
	[
		"failures until an event is a failed one",
		lambda("sqs_queue.requests"),
		"redrive_policy/maxReceiveCount",
		"EventQueue/Properties/RedrivePolicy/maxReceiveCount"
	],
	[
		"seconds until an event is shown again",
		lambda("sqs_queue.requests"),
		"visibility_timeout_seconds",
		"EventQueue/Properties/VisibilityTimeout"
	],
	[
		"seconds that the queue keeps an event",
		lambda("sqs_queue.requests"),
		"message_retention_seconds",
		"EventQueue/Properties/MessageRetentionPeriod"
	],
	[
		"seconds that the queue of failed ones does",
		lambda("sqs_queue.failed"),
		"message_retention_seconds",
		"DeadLetterQueue/Properties/MessageRetentionPeriod"
	],
	...["orders/Orders", "notifications/StaffEvents"].flatMap(pair => {
		const [topic, name] = pair.split("/") as [string, string];
		return [
			["starting_position", "StartingPosition"],
			["maximum_retry_attempts", "MaximumRetryAttempts"],
			["function_response_types", "FunctionResponseTypes"],
			["bisect_batch_on_function_error", "BisectBatchOnFunctionError"],
			["batch_size", "BatchSize"],
			["maximum_batching_window_in_seconds", "MaximumBatchingWindowInSeconds"],
			["provisioned_poller_config/0/minimum_pollers", "ProvisionedPollerConfig/MinimumPollers"],
			["provisioned_poller_config/0/maximum_pollers", "ProvisionedPollerConfig/MaximumPollers"]
		].map(([argument, property]): [string, string, string, string] => [
			`${property!} of ${topic}`,
			mapping(topic),
			argument!,
			`${name}/Properties/${property!}`
		]);
	})
];

export function templateTests(state: () => State): void {
	const { Resources } = parseTemplate(templateText());

	it.each(alike)("with the same %s", (_, address, path, inTemplate) => {
		const wanted = valueIn(Resources, inTemplate);
		expect(wanted).toBeDefined();
		expect(valueAt(state().resources, [address, path])).toEqual(wanted);
	});
}
