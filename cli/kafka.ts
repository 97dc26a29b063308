import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Config, configOfCommand } from "../config/index.ts";
import { KafkaDriver } from "../streams/kafka/kafka.driver.ts";
import { DataFolder } from "../launch/shop/data-folder.ts";
import { clientFile } from "../launch/servers/kafka-client.ts";
import { kafkaClassPath } from "../launch/servers/kafka-jars.ts";
import { kafkaPorts, startKafka } from "../launch/servers/kafka-server.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { type Lifecycle, run } from "../launch/process/lifecycle.ts";
import { commandLine, knownWord, onlyOptions, usageError } from "../launch/process/command-line.ts";
import { assertKnownTopic } from "./kafka/known-topic.ts";
import { unreachable } from "../launch/servers/kafka-reach.ts";

const usage = `Usage: npm run kafka [-- --fresh]
       npm run kafka -- consume <topic> [--max <messages>]
Runs an Apache Kafka broker, which keeps its data in DATA_DIR/kafka; where KAFKA_BROKERS is set it starts
none, and says whether those answer. With consume, Kafka's own console consumer shows a topic of it (or of
KAFKA_BROKERS) from the oldest message on.
  --fresh   forget its data first
  --max     end after so many messages`;

const { values, positionals } = commandLine(
	usage,
	{ fresh: { type: "boolean" }, max: { type: "string" } },
	true
);

const [command, topic, ...more] = positionals;
if (command === undefined) onlyOptions(usage, values, "a broker", ["fresh"]);
else {
	onlyOptions(usage, values, knownWord(usage, command, ["consume"]), ["max"]);
	if (!topic || more.length > 0)
		usageError(usage, "consume wants the name of one topic, as in consume orders.");
	if (values.max !== undefined && !/^[1-9]\d*$/.test(values.max))
		usageError(usage, "--max wants a number.");
}

const progress = (step: string) => console.error(step);

async function serve(life: Lifecycle, { dataDir }: Config): Promise<void> {
	const data = new DataFolder(join(dataDir, "kafka"));
	life.atEnd(data.lock("Kafka broker"));
	const onCrash = (reason: string) => void life.fail(new LaunchError(reason));
	const { fresh } = values;
	const server = await startKafka({ directory: data.path, fresh, progress, onCrash });
	life.atEnd(() => server.stop());
	printNextSteps(server.brokers);
}

function printNextSteps(where: string): void {
	console.log(`ready: Kafka answers at ${where}`);
	console.log(`start the shop with: KAFKA_BROKERS=${where} npm start`);
	console.log("read a topic with:   npm run kafka -- consume orders");
}

/** The broker and its data belong to somebody else. @throws LaunchError */
async function checkBrokers(life: Lifecycle, config: Config, where: string): Promise<void> {
	if (values.fresh)
		throw new LaunchError("--fresh is for a broker that is run here: unset KAFKA_BROKERS.");
	await topicsAt(life, config, where);
	printNextSteps(where);
	await life.end(0);
}

/** @throws LaunchError when no broker answers */
async function topicsAt(life: Lifecycle, { kafka }: Config, where: string): Promise<string[]> {
	const log = new KafkaDriver({ ...kafka, brokers: where.split(",") });
	life.atEnd(() => log.close());
	const remedy = kafka ? " (KAFKA_BROKERS)" : ": run npm run kafka beside this";
	return log.listTopics().catch((error: Error) => {
		throw unreachable(where, remedy, error);
	});
}

function brokers({ dataDir, kafka }: Config): string {
	if (kafka) return kafka.brokers.join(",");
	const ports = kafkaPorts(join(dataDir, "kafka"));
	if (ports) return `127.0.0.1:${ports.broker}`;
	throw new LaunchError("No Kafka was started here: run npm run kafka, or set KAFKA_BROKERS.");
}

/** Kafka's own program, so that its output does not depend on this code. */
async function consume(life: Lifecycle, config: Config, topic: string): Promise<void> {
	const server = brokers(config);
	assertKnownTopic(topic, await topicsAt(life, config, server), server);
	const classPath = await kafkaClassPath(progress);
	const settings = config.kafka && clientFile(config.kafka);
	if (settings) life.atEnd(settings.remove);
	const most = values.max === undefined ? [] : ["--max-messages", values.max];
	const shown = ["partition", "offset", "headers", "key"].flatMap(part => [
		"--formatter-property",
		`print.${part}=true`
	]);
	const child = spawn(
		"java",
		[
			"-cp",
			classPath,
			"org.apache.kafka.tools.consumer.ConsoleConsumer",
			"--bootstrap-server",
			server,
			"--topic",
			topic,
			"--from-beginning",
			...most,
			...shown,
			...(settings ? ["--command-config", settings.path] : [])
		],
		{ stdio: "inherit" }
	);
	life.atEnd(() => child.kill());
	const [code] = await once(child, "exit");
	await life.end(code ?? 0);
}

run(async life => {
	const config = configOfCommand({ runsServices: false });
	if (command === undefined)
		return config.kafka ? checkBrokers(life, config, brokers(config)) : serve(life, config);
	return consume(life, config, topic!);
});
