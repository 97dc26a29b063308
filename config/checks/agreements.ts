import { busIssues } from "../bus-url.ts";
import { databaseIssues } from "./database-agreements.ts";
import type { Environment, Source, VariableName } from "../env.ts";
import { tracingIssues } from "../tracing-variables.ts";
import { tokenKeyIssues } from "./token-key-agreements.ts";

/** Checks of variables that depend on each other, or on NODE_ENV. */

const isGiven = (source: Source, name: VariableName) =>
	Boolean(source[name] || source[`${name}_FILE`]);

/** An issue for each missing variable that is needed `because`. */
function missing(source: Source, because: string, names: readonly VariableName[]): string[] {
	return names
		.filter(name => !isGiven(source, name))
		.map(name => `${name}: is needed with ${because}`);
}

const runs = ({ SERVICES }: Environment, service: string) =>
	Boolean(SERVICES?.split(",").includes(service));

/** Production needs an explicit payment provider, with its keys. */
function providerIssues(values: Environment, source: Source): string[] {
	if (!runs(values, "payment")) return [];
	if (values.NODE_ENV === "production" && !source.PAYMENT_PROVIDER)
		return ["PAYMENT_PROVIDER: must be set with NODE_ENV=production; the simulator moves no money"];
	if (values.PAYMENT_PROVIDER !== "stripe") return [];
	return missing(source, "PAYMENT_PROVIDER=stripe", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]);
}

/** Production needs an explicit way to send mail, because customers expect a confirmation. */
function channelIssues(values: Environment, source: Source): string[] {
	if (!runs(values, "notification")) return [];
	const { NODE_ENV, MAIL_DRIVER, SMS_DRIVER, NOTIFICATION_STORE } = values;
	if (NODE_ENV === "production" && !source.MAIL_DRIVER)
		return ["MAIL_DRIVER: must be set with NODE_ENV=production; the mailbox sends no mail"];
	const onAws = [
		["MAIL_DRIVER=ses", MAIL_DRIVER === "ses"],
		["SMS_DRIVER=sns", SMS_DRIVER === "sns"],
		["SNS_TOPIC_ARN", values.SNS_TOPIC_ARN !== undefined],
		["NOTIFICATION_STORE=dynamodb", NOTIFICATION_STORE === "dynamodb"]
	] as const;
	const because = onAws.find(([, is]) => is)?.[0];
	return [
		...(MAIL_DRIVER === undefined || MAIL_DRIVER === "mailbox"
			? []
			: missing(source, `MAIL_DRIVER=${MAIL_DRIVER}`, ["MAIL_FROM"])),
		...(MAIL_DRIVER === "smtp" ? missing(source, "MAIL_DRIVER=smtp", ["SMTP_URL"]) : []),
		...(because ? missing(source, because, ["AWS_REGION"]) : [])
	];
}

function kafkaIssues({ ANALYTICS_ENGINE }: Environment, source: Source): string[] {
	const engine = ANALYTICS_ENGINE === "flink" ? "ANALYTICS_ENGINE=flink" : undefined;
	return [
		...(source.KAFKA_SASL_USERNAME
			? missing(source, "KAFKA_SASL_USERNAME", ["KAFKA_BROKERS", "KAFKA_SASL_PASSWORD"])
			: []),
		...(engine ? missing(source, engine, ["KAFKA_BROKERS"]) : [])
	];
}

/** Links to this host are no use to customers. */
function linkIssues(values: Environment, source: Source): string[] {
	if (values.NODE_ENV !== "production" || isGiven(source, "PUBLIC_URL")) return [];
	const makes = [
		runs(values, "gateway"),
		runs(values, "notification") && !isGiven(source, "SHOP_ORDER_URL"),
		runs(values, "payment") && !isGiven(source, "PAYMENT_RETURN_URL")
	];
	return makes.includes(true)
		? ["PUBLIC_URL: must be set with NODE_ENV=production; links would lead to HOST and PORT"]
		: [];
}

function productionIssues(values: Environment): string[] {
	const { NODE_ENV, DEMO_MODE, FAILPOINTS, METRICS_PORT, NATS_URL } = values;
	if (NODE_ENV !== "production") return [];
	const showsMetrics = runs(values, "gateway") && METRICS_PORT === undefined;
	return [
		...(NATS_URL === undefined ? [] : busIssues(NATS_URL)),
		...(showsMetrics
			? ["METRICS_PORT: must be set with NODE_ENV=production; /metrics shows what the shop earns"]
			: []),
		...(DEMO_MODE ? ["DEMO_MODE: must not be on with NODE_ENV=production"] : []),
		...(FAILPOINTS ? ["FAILPOINTS: must not be set with NODE_ENV=production"] : [])
	];
}

/** Two servers of one process on one port. */
function portIssues(values: Environment): string[] {
	const { PORT, METRICS_PORT, HEALTH_PORT } = values;
	const isGateway = runs(values, "gateway");
	const given = Object.entries({ ...(isGateway && { PORT }), HEALTH_PORT, METRICS_PORT }).filter(
		([, port]) => port
	);
	return given
		.filter(([, port], index) => given.findIndex(([, other]) => other === port) < index)
		.map(([name, port]) => `${name}: is ${port}, which another port of this node is`);
}

/** Variables that do not go together, one issue per line. */
export function crossFieldIssues(values: Environment, source: Source): string[] {
	return [
		...productionIssues(values),
		...linkIssues(values, source),
		...tokenKeyIssues(
			values,
			service => runs(values, service),
			name => isGiven(source, name)
		),
		...databaseIssues(values),
		...providerIssues(values, source),
		...channelIssues(values, source),
		...kafkaIssues(values, source),
		...portIssues(values),
		...tracingIssues(values.OTEL_EXPORTER_OTLP_ENDPOINT, values.OTEL_EXPORTER_OTLP_HEADERS)
	];
}
