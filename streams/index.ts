import { config } from "../config/index.ts";
import { Database, serviceUrl } from "../db/database.ts";
import type { Driver } from "./driver.ts";
import { PostgresDriver } from "./postgres/postgres.driver.ts";

interface Listeners {
	/** Receives details that matter only while somebody debugs. */
	onDebug?(text: string): void;
	/** Told of a connection that was lost while nothing used it. */
	onError(error: Error): void;
}

/**
 * The log that the configuration names: Kafka's where there are brokers, else the one in Postgres.
 * @throws Error when it names neither
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
			"Set KAFKA_BROKERS, DATABASE_URL or EVENT_LOG_DATABASE_URL: the order events have no way to travel"
		);
	return new PostgresDriver(new Database({ url, pool, durability, name: "shop stream", onError }));
}
