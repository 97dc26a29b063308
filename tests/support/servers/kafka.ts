import { join } from "node:path";
import { kafkaClassPath } from "../../../launch/servers/kafka-jars.ts";
import {
	type KafkaOptions,
	type KafkaServer,
	startKafka
} from "../../../launch/servers/kafka-server.ts";
import { describeWith } from "../describe-with.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** For tests with a real broker. */
export const describeKafka = describeWith("java");

/** A first start downloads the broker. */
export const kafkaWithinMs = 180_000;

/** The broker's files, for tests whose child processes cannot download: they are given little of the environment. */
export const fetchKafka = () => kafkaClassPath(step => process.stderr.write(`tests: ${step}\n`));

export interface TestKafka extends KafkaServer {
	/** The error of an unexpected end. */
	readonly crashes: string[];
	/** Starts it again after `stop` or `crash`, in the same folder and with its data, unless `fresh`. */
	restart(fresh?: boolean): Promise<void>;
}

/** A new broker, in a folder that is deleted with the test run. */
export async function testKafka(
	more: Pick<KafkaOptions, "settings" | "scram"> = {}
): Promise<TestKafka> {
	const crashes: string[] = [];
	const options: KafkaOptions = {
		directory: join(temporaryFolder(), "kafka"),
		progress: step => process.stderr.write(`tests: ${step}\n`),
		onCrash: reason => crashes.push(reason),
		...more
	};
	let server = await startKafka(options);
	return {
		crashes,
		get brokers() {
			return server.brokers;
		},
		stop: () => server.stop(),
		crash: () => server.crash(),
		pause: () => server.pause(),
		resume: () => server.resume(),
		async restart(fresh = false) {
			server = await startKafka({ ...options, fresh });
		}
	};
}
