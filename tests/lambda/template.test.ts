import { readEnvironment } from "../../config/read-environment.ts";
import { reservedMs } from "../../lambda/handler.ts";
import { withBusPassword } from "../../lambda/settings.ts";
import { plantIn } from "../deployment/planted.ts";
import { sourceTree } from "../source-tree.ts";
import { awsActions } from "./aws-actions.ts";
import { functionOf, parseTemplate, templateText } from "./template-file.ts";
import { templateFaults } from "./template-rules.ts";

const sources = sourceTree();
const faultsOf = (text: string) => templateFaults(parseTemplate(text), sources, reservedMs);

it("the template agrees with the function", () => {
	expect(faultsOf(templateText())).toEqual([]);
});

it("the function calls these actions of AWS", () => {
	expect(awsActions(sources, "lambda/index.ts")).toEqual([
		"dynamodb:GetItem",
		"dynamodb:PutItem",
		"dynamodb:Query",
		"dynamodb:UpdateItem",
		"secretsmanager:GetSecretValue",
		"ses:SendRawEmail",
		"sns:Publish",
		"sqs:SendMessage"
	]);
});

it.each<[from: string, to: string, fault: string]>([
	["index.handler", "index.main", "Handler is index.main"],
	["NOTIFICATION_TABLE:", "NOTIFICATION_TABEL:", "no setting: NOTIFICATION_TABEL"],
	["          SECRET_IDS: ", "          LOG_LEVEL: ", "is not set: SECRET_IDS"],
	["ses:SendRawEmail", "ses:SendEmail", "is called and not allowed: ses:SendRawEmail"],
	["ses:SendRawEmail", "ses:SendEmail", "is allowed and not called: ses:SendEmail"],
	["dynamodb:PutItem", "dynamodb:DeleteItem", "is called and not allowed: dynamodb:PutItem"],
	["Resource: !Ref MailIdentityArn", 'Resource: "*"', "Mail names all resources"],
	["Topics: [notifications]", "Topics: [orders]", "no source reads the topic: notifications"],
	["Topics: [orders]", "Topics: [orders.dlq]", "a source reads the topic: orders.dlq"],
	[
		"ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2 }",
		"",
		"Orders has no partial responses"
	],
	["MetricName: OffsetLag", "MetricName: IteratorAge", "no alarm watches: OffsetLag"],
	["Timeout: 120", "Timeout: 60", "Timeout leaves no time to send"],
	[
		"            FunctionResponseTypes: [ReportBatchItemFailures]\n",
		"",
		"Queue has no partial responses"
	],
	["StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST", "Orders skips events"],
	["MaximumRetryAttempts: -1", "MaximumRetryAttempts: 10", "Orders gives events up"],
	[
		"MaximumRetryAttempts: -1\n",
		"MaximumRetryAttempts: -1\n      DestinationConfig: { OnFailure: { Destination: x } }\n",
		"Orders gives events up"
	],
	["maxReceiveCount: 7", "maxReceiveCount: 1", "EventQueue does not give up after seven times"],
	["!GetAtt BusRule.Arn", '"*"', "QueuePolicy lets in other rules"],
	[
		"AlarmActions: !If [HasAlarmTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]",
		"AlarmActions: []",
		"ErrorsAlarm reaches no topic"
	],
	['DATABASE_POOL: "1"', 'DATABASE_POOL: "10"', "DATABASE_POOL is not 1"],
	[
		"VpcConfig: { SubnetIds: !Ref SubnetIds, SecurityGroupIds: !Ref SecurityGroupIds }",
		"",
		"VpcConfig is missing"
	],
	[
		"ConsumerGroupId: notification-function-orders",
		"ConsumerGroupId: notification",
		"a consumer group is shared"
	],
	["rate(1 minute)", "rate(1 hour)", "Due is not once a minute"],
	[
		"EventInvokeConfig: { MaximumRetryAttempts: 0 }",
		"EventInvokeConfig: { MaximumRetryAttempts: 2 }",
		"A failed minute of Due is kept"
	],
	["VisibilityTimeout: 720", "VisibilityTimeout: 360", "EventQueue shows a message again too early"]
])("%s as %j is a fault", (from, to, fault) => {
	expect(faultsOf(plantIn(templateText(), from, to).text)).toContain(fault);
});

it("the settings of the template, with its secrets, are those of a node in production", () => {
	const { Variables } = functionOf(parseTemplate(templateText())).Environment;
	const values: Record<string, string> = {
		PublicUrl: "https://shop.example",
		MailFrom: "The Shop <orders@shop.example>",
		SmsDriver: "none",
		TopicArn: "",
		BusUrl: "tls://notification@nats.shop.example:4222",
		TableName: "messages"
	};
	const env = Object.entries(Variables).map(([name, value]) => {
		const { Ref } = value as { Ref?: string };
		return [name, Ref === undefined ? String(value) : values[Ref]];
	});
	const secrets = {
		AWS_REGION: "eu-central-1",
		NATS_PASSWORD: "secret-of-the-bus",
		NOTIFICATION_DATABASE_URL:
			"postgres://shop_notification:secret@db.example/shop?sslmode=verify-full"
	};
	const settings = withBusPassword({ ...Object.fromEntries(env), ...secrets });
	const read = readEnvironment({ ...settings, SERVICES: "notification" });
	expect(read).toMatchObject({
		MAIL_DRIVER: "ses",
		NATS_URL: "tls://notification:secret-of-the-bus@nats.shop.example:4222",
		NOTIFICATION_STORE: "dynamodb"
	});
});

it.each([
	["is put into the address", { NATS_URL: "tls://a@bus:4222" }, "tls://a:b%20c@bus:4222"],
	["replaces none", { NATS_URL: "tls://a:own@bus:4222" }, "tls://a:own@bus:4222"],
	["makes no address", {}, undefined],
	["leaves what is no address to its check", { NATS_URL: "bus" }, "bus"]
])("the password of the bus %s", (_, settings, url) => {
	const { NATS_URL, NATS_PASSWORD } = withBusPassword({ ...settings, NATS_PASSWORD: "b c" });
	expect([NATS_URL, NATS_PASSWORD]).toEqual([url, undefined]);
});
