import { readEnvironment } from "../config/read-environment.ts";
import { toConfig, useConfig } from "../config/index.ts";
import { openLog } from "./index.ts";

async function kindFor(environment: Record<string, string>): Promise<string> {
	useConfig(toConfig(readEnvironment(environment)));
	const log = await openLog({ onError: () => undefined });
	await log.close();
	return log.kind;
}

describe("the log", () => {
	it("is Kafka if brokers are configured, else the one in Postgres", async () => {
		const DATABASE_URL = "postgres://owner:password@127.0.0.1:9/shop";
		expect(await kindFor({ KAFKA_BROKERS: "127.0.0.1:9" })).toBe("kafka");
		expect(await kindFor({ KAFKA_BROKERS: "127.0.0.1:9", DATABASE_URL })).toBe("kafka");
		expect(await kindFor({ DATABASE_URL })).toBe("postgres");
	});

	it("requires a configured log", async () => {
		await expect(kindFor({})).rejects.toThrow(
			"Set KAFKA_BROKERS, DATABASE_URL or EVENT_LOG_DATABASE_URL"
		);
	});
});
