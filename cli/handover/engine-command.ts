import { useConfig, type Config } from "../../config/index.ts";
import { EngineLog, type Engine } from "../../services/analytics/ownership/engine-log.ts";
import { openLog } from "../../streams/index.ts";
import { messagesKeptMs } from "../../streams/kafka/topic-age.ts";
import { topics } from "../../streams/messages/topics.ts";
import { connect } from "../../launch/shop/prepare-shop.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import type { Lifecycle } from "../../launch/process/lifecycle.ts";
import { assertReachable } from "../../verify/reachable-log.ts";
import { handOver, ownershipLine } from "./handover.ts";

const refuse = (sentence: string) => new LaunchError(sentence, exitCodes.configuration);

/** Shows who publishes windows, or hands them over to an engine. @throws LaunchError */
export async function runEngineCommand(
	life: Lifecycle,
	config: Config,
	to: Engine | undefined,
	waitMs: number | undefined
): Promise<void> {
	if (!config.kafka)
		throw refuse(
			"Set KAFKA_BROKERS: of a log in Postgres, the analytics service is the only writer."
		);
	if (to === "builtin" && !config.databaseUrl)
		throw refuse(
			"Set DATABASE_URL: the analytics service has to know which revisions were published."
		);
	const { kafka } = config;
	useConfig(config);
	const driver = await openLog({ onError: () => undefined });
	life.atEnd(() => driver.close());
	await assertReachable(driver, config);
	if (!to) return show(driver);
	const client =
		to === "builtin" ? await connect(life, config.databaseUrl!, "engine handover") : undefined;
	await handOver({
		driver,
		to,
		keptMs: () => messagesKeptMs(kafka, topics.orders),
		print: console.log,
		...(client && { client }),
		...(waitMs !== undefined && { waitMs })
	});
}

async function show(driver: ConstructorParameters<typeof EngineLog>[0]): Promise<void> {
	const log = new EngineLog(driver);
	try {
		console.log(ownershipLine(await log.read()));
	} finally {
		await log.close();
	}
}
