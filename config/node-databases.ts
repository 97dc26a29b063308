import { EnvironmentError } from "./environment-error.ts";
import type { Config, ServiceName } from "./index.ts";

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
 * A launcher embeds Postgres where no database is named; a node that is started by itself has only what is named.
 * @throws EnvironmentError with every variable that is missing
 */
export function assertNodeDatabases(config: Databases): void {
	const missing = missingDatabases(config);
	if (missing.length === 0) return;
	throw new EnvironmentError([
		`DATABASE_URL: is needed by ${config.services.join(", ")}, or instead of it ${missing.join(", ")}`
	]);
}
