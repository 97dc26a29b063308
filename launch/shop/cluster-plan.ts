import { variables } from "../../config/env.ts";
import type { Variable } from "../../config/variable.ts";
import { usersOfLog } from "../../config/node-servers.ts";
import { serviceNames, type Config, type ServiceName } from "../../config/index.ts";
import { serviceUrl } from "../../db/database.ts";
import { portAt } from "./ports.ts";

export interface NodePlan {
	/** `order-2`: the prefix of its output lines. */
	name: string;
	service: ServiceName | "gateway";
	/** From 0, among the nodes of this service. */
	index: number;
	/** From 0, among all nodes. */
	position: number;
}

const all = ["gateway", ...serviceNames] as const;
const maxPerService = 16;

/** One node of each service, or as many as `order=3` says. @throws Error naming the invalid word */
export function planNodes(words: readonly string[]): NodePlan[] {
	const counts = new Map<string, number>(all.map(name => [name, 1]));
	for (const word of words) {
		const [, name = "", count = ""] = /^([a-z]+)=(\d{1,2})$/.exec(word) ?? [];
		if (name && !counts.has(name))
			throw new Error(`${word} is not understood: the services are ${all.join(", ")}.`);
		if (Number(count) < 1 || Number(count) > maxPerService)
			throw new Error(
				`${word} is not understood: write order=3, with a number from 1 to ${maxPerService}.`
			);
		counts.set(name, Number(count));
	}
	const nodes = all.flatMap(service =>
		Array.from({ length: counts.get(service)! }, (_, index) => ({
			name: `${service}-${index + 1}`,
			service,
			index
		}))
	);
	return nodes.map((node, position) => ({ ...node, position }));
}

type Environment = Record<string, string>;
type StripeKeys = Pick<Config["payment"], "secretKey" | "webhookSecret">;
type NodeSecrets = Pick<
	Config,
	"dataDir" | "serviceDatabaseUrls" | "token" | "port" | "publicUrl"
> & {
	metricsPort?: number | undefined;
	healthPort?: number | undefined;
	eventLogDatabaseUrl?: string | undefined;
	kafka?: Config["kafka"];
	databaseUrl: string;
	payment?: StripeKeys;
	mail?: Pick<Config["mail"], "smtpUrl">;
};
type Source = Readonly<Record<string, string | undefined>>;

/** Settings that all nodes share; the operator's socket is one process's. Secrets are not among them: each node gets only its own. */
export function sharedEnvironment(
	source: Source,
	all: Readonly<Record<string, Variable>> = variables
): Environment {
	const settings = Object.entries(all).filter(
		([name, { secret }]) => !secret && name !== "OPERATOR_SOCKET"
	);
	// A value under a variable's former name is passed on under its current one, so nodes do not warn again.
	const values = settings.map(([name, { formerName = "" }]) => [
		name,
		source[name] || source[formerName]
	]);
	const shared = [["PATH", source.PATH], ["HOME", source.HOME], ...values];
	return Object.fromEntries(shared.filter(([, value]) => value)) as Environment;
}

function stripeKeys({ secretKey, webhookSecret }: Partial<StripeKeys> = {}): Environment {
	const keys = { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret };
	return Object.fromEntries(Object.entries(keys).flatMap(([k, v]) => (v ? [[k, v]] : [])));
}

/** The mail server's password, and the variables in which the AWS SDK looks for credentials. */
function channelAccess({ smtpUrl }: Partial<Config["mail"]> = {}, source: Source): Environment {
	const aws = Object.entries(source).flatMap(([name, value]) =>
		name.startsWith("AWS_") && value ? [[name, value]] : []
	);
	return { ...Object.fromEntries(aws), ...(smtpUrl && { SMTP_URL: smtpUrl }) };
}

function streamAccess({ kafka, eventLogDatabaseUrl, databaseUrl }: NodeSecrets): Environment {
	if (!kafka)
		return { EVENT_LOG_DATABASE_URL: eventLogDatabaseUrl ?? serviceUrl(databaseUrl, "stream") };
	return kafka.sasl ? { KAFKA_SASL_PASSWORD: kafka.sasl.password } : {};
}

/**
 * The secrets and addresses of one node: its own database role, its own half of the token key.
 * @param source the environment, for what the SDK of AWS reads there itself
 */
export function nodeEnvironment(
	{ service, index, position }: NodePlan,
	secrets: NodeSecrets,
	source: Source
): Environment {
	const { privateKey = "", publicKey = "" } = secrets.token;
	const { dataDir: DATA_DIR, publicUrl: PUBLIC_URL } = secrets;
	const common = { SERVICES: service, DATA_DIR, PUBLIC_URL };
	const { port, metricsPort, healthPort } = secrets;
	const metrics = (first: number) => ({ METRICS_PORT: String(portAt(first, position)) });
	const health = healthPort !== undefined && { HEALTH_PORT: String(portAt(healthPort, position)) };
	if (service === "gateway")
		return {
			...common,
			PORT: String(portAt(port, index)),
			...(metricsPort !== undefined && metrics(metricsPort)),
			...health,
			TOKEN_PUBLIC_KEY: publicKey
		};
	const url = secrets.serviceDatabaseUrls[service] ?? serviceUrl(secrets.databaseUrl, service);
	return {
		...common,
		...metrics(metricsPort ?? 0),
		...health,
		[`${service.toUpperCase()}_DATABASE_URL`]: url,
		...(usersOfLog.has(service) && streamAccess(secrets)),
		...(service === "user" && { TOKEN_PRIVATE_KEY: privateKey }),
		...(service === "payment" && stripeKeys(secrets.payment)),
		...(service === "notification" && channelAccess(secrets.mail, source))
	};
}
