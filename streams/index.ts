import { config } from "../config/index.ts";
import { Database, serviceUrl } from "../db/database.ts";
import type { Driver } from "./driver.ts";
import { PostgresDriver } from "./postgres/postgres.driver.ts";

interface Listeners {
	/** Receives details for debugging. */
	onDebug?(text: string): void;
	/** Called when an idle connection is lost. */
	onError(error: Error): void;
}

/**
 * Opens the configured log: Kafka if there are brokers, else the one in Postgres.
 * @throws Error when neither is configured
 */
export async function openLog({ onDebug, onError }: Listeners): Promise<Driver> {
	const { kafka, databaseUrl, eventLogDatabaseUrl, databasePool: pool, durability } = config();
	if (kafka) {
		// Most shops never need the client.
		const { KafkaDriver } = await import("./kafka/kafka.driver.ts");
		return new KafkaDriver(onDebug ? { ...kafka, debug: onDebug } : kafka);
	}
	const url = eventLogDatabaseUrl ?? (databaseUrl && serviceUrl(databaseUrl, "stream"));
	if (!url)
		throw new Error(
			"Set KAFKA_BROKERS, DATABASE_URL or EVENT_LOG_DATABASE_URL: there is no event log without one of them"
		);
	return new PostgresDriver(new Database({ url, pool, durability, name: "shop stream", onError }));
}
