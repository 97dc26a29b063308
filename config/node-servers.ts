import { EnvironmentError } from "./environment-error.ts";
import { serviceNames, type Config, type ServiceName } from "./index.ts";

type Databases = Pick<
	Config,
	"services" | "databaseUrl" | "serviceDatabaseUrls" | "eventLogDatabaseUrl" | "kafka"
>;

/** Services that read or write the event log. A test compares them with the services themselves. */
export const usersOfLog: ReadonlySet<ServiceName> = new Set([
	"product",
	"order",
	"notification",
	"analytics",
	"webhook"
]);

/** What a node may run by itself. */
export const nodeNames = ["gateway", ...serviceNames] as const;
export type NodeName = (typeof nodeNames)[number];

/**
 * Which service may call which: tests refuse any other call in the source (tests/architecture.rules.ts), and so any cycle,
 * and the bus of a cluster refuses it too (k8s/base/nats/permissions.conf). Every node calls the services that it runs.
 */
export const serviceCalls: Readonly<Record<NodeName, readonly ServiceName[]>> = {
	gateway: serviceNames,
	user: [],
	product: [],
	order: ["product", "payment"],
	payment: [],
	// Data that events do not hold: recipients, and product details.
	notification: ["user"],
	analytics: ["product"],
	webhook: []
};

/** Variables without which a node of these services has no database or no event log. */
export function missingDatabases(config: Databases): string[] {
	const { databaseUrl, serviceDatabaseUrls, eventLogDatabaseUrl, kafka } = config;
	if (databaseUrl) return [];
	const services = config.services.filter(name => name !== "gateway");
	const hasLog = Boolean(kafka ?? eventLogDatabaseUrl);
	return [
		...services
			.filter(name => !serviceDatabaseUrls[name])
			.map(name => `${name.toUpperCase()}_DATABASE_URL`),
		...(!hasLog && services.some(name => usersOfLog.has(name))
			? ["EVENT_LOG_DATABASE_URL (or KAFKA_BROKERS)"]
			: [])
	];
}

/**
 * A launcher embeds Postgres where no database is named, and starts a bus; a node that is started by itself has only what
 * is named. Without a bus it has no other node.
 * @throws EnvironmentError with every variable that is missing
 */
export function assertNodeServers(config: Databases & Pick<Config, "natsUrl">): void {
	const { services, natsUrl } = config;
	const missing = missingDatabases(config);
	const others = serviceNames.filter(name => !services.includes(name));
	const issues = [
		...(missing.length > 0
			? [
					`DATABASE_URL: is needed by ${services.join(", ")}, or instead of it ${missing.join(", ")}`
				]
			: []),
		...(natsUrl === undefined && others.length > 0
			? [`NATS_URL: is needed to reach ${others.join(", ")}, which this node does not run`]
			: [])
	];
	if (issues.length > 0) throw new EnvironmentError(issues);
}
