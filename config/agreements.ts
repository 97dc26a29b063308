import type { Environment, Source, VariableName } from "./env.ts";

/** Variables that must agree with each other, and with where the shop runs. */

const isGiven = (source: Source, name: VariableName) =>
	Boolean(source[name] || source[`${name}_FILE`]);

/** A fault for each of the names that is not given though it is needed `because`. */
function missing(source: Source, because: string, names: readonly VariableName[]): string[] {
	return names
		.filter(name => !isGiven(source, name))
		.map(name => `${name}: is needed with ${because}`);
}

const runs = ({ SERVICES }: Environment, service: string) =>
	Boolean(SERVICES?.split(",").includes(service));

/** A shop must know who takes its money, and be able to ask them. */
function providerIssues(values: Environment, source: Source): string[] {
	if (!runs(values, "payment")) return [];
	if (values.NODE_ENV === "production" && !source.PAYMENT_PROVIDER)
		return [
			"PAYMENT_PROVIDER: must be said with NODE_ENV=production; the simulator moves no money"
		];
	if (values.PAYMENT_PROVIDER !== "stripe") return [];
	return missing(source, "PAYMENT_PROVIDER=stripe", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]);
}

/** Whoever pays for an order waits for a mail about it. */
function channelIssues(values: Environment, source: Source): string[] {
	if (!runs(values, "notification")) return [];
	const { NODE_ENV, MAIL_DRIVER, SMS_DRIVER, NOTIFICATION_STORE } = values;
	if (NODE_ENV === "production" && !source.MAIL_DRIVER)
		return ["MAIL_DRIVER: must be said with NODE_ENV=production; the mailbox sends no mail"];
	const onAws = [
		["MAIL_DRIVER=ses", MAIL_DRIVER === "ses"],
		["SMS_DRIVER=sns", SMS_DRIVER === "sns"],
		["SNS_TOPIC_ARN", isGiven(source, "SNS_TOPIC_ARN")],
		["NOTIFICATION_STORE=dynamodb", NOTIFICATION_STORE === "dynamodb"]
	] as const;
	const because = onAws.find(([, is]) => is)?.[0];
	return [
		...(MAIL_DRIVER === "mailbox"
			? []
			: missing(source, `MAIL_DRIVER=${MAIL_DRIVER}`, ["MAIL_FROM"])),
		...(MAIL_DRIVER === "smtp" ? missing(source, "MAIL_DRIVER=smtp", ["SMTP_URL"]) : []),
		...(because ? missing(source, because, ["AWS_REGION"]) : [])
	];
}

function kafkaIssues(source: Source): string[] {
	if (!source.KAFKA_SASL_USERNAME) return [];
	return missing(source, "KAFKA_SASL_USERNAME", ["KAFKA_BROKERS", "KAFKA_SASL_PASSWORD"]);
}

function productionIssues({ NODE_ENV, DEMO_MODE, FAILPOINTS }: Environment): string[] {
	if (NODE_ENV !== "production") return [];
	return [
		...(DEMO_MODE ? ["DEMO_MODE: must not be on with NODE_ENV=production"] : []),
		...(FAILPOINTS ? ["FAILPOINTS: must not be set with NODE_ENV=production"] : [])
	];
}

/** What does not go together, one fault a line. */
export function crossFieldIssues(values: Environment, source: Source): string[] {
	return [
		...productionIssues(values),
		...providerIssues(values, source),
		...channelIssues(values, source),
		...kafkaIssues(source)
	];
}
