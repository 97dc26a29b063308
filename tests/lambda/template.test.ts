import { readEnvironment } from "../../config/read-environment.ts";
import { reservedMs } from "../../lambda/handler.ts";
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
		TableName: "messages"
	};
	const env = Object.entries(Variables).map(([name, value]) => {
		const { Ref } = value as { Ref?: string };
		return [name, Ref === undefined ? String(value) : values[Ref]];
	});
	const secrets = {
		AWS_REGION: "eu-central-1",
		NATS_URL: "tls://notification:secret-of-the-bus@nats.shop.example:4222",
		NOTIFICATION_DATABASE_URL:
			"postgres://shop_notification:secret@db.example/shop?sslmode=verify-full"
	};
	const read = readEnvironment({
		...Object.fromEntries(env),
		...secrets,
		SERVICES: "notification"
	});
	expect(read).toMatchObject({ MAIL_DRIVER: "ses", NOTIFICATION_STORE: "dynamodb" });
});
