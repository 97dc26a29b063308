import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LaunchError } from "../process/launch-error.ts";
import { mavenClassPath } from "./maven-jars.ts";

/** The oldest Java that can run the broker's class files. */
const oldestJava = 17;
/** Written by scripts/update-jars.ts. */
const list = readFileSync(join(import.meta.dirname, "kafka-jars.sha256"), "utf8");
const version = /kafka_2\.13-(.+)\.jar$/m.exec(list)![1]!;
const cache = join(import.meta.dirname, "../../.cache/kafka", version);

/** The major version of the `java` on PATH, if there is one. */
function javaVersion(): number | undefined {
	const { stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
	const found = /version "(\d+)/.exec(stderr ?? "");
	return found ? Number(found[1]) : undefined;
}

/** Why no broker can run here, as a sentence; undefined when one can. */
export function whyNoKafka(): string | undefined {
	const found = javaVersion();
	if (found !== undefined && found >= oldestJava) return undefined;
	const there = found === undefined ? "no Java" : `Java ${found} only`;
	return `A Kafka broker needs Java ${oldestJava} or newer and there is ${there} here: install one (Debian: apt-get install openjdk-17-jre-headless).`;
}

/**
 * Java's class path of a Kafka broker and its tools, from Maven Central on first use.
 * @throws LaunchError that says what is missing
 */
export async function kafkaClassPath(progress: (step: string) => void): Promise<string> {
	const obstacle = whyNoKafka();
	if (obstacle) throw new LaunchError(`${obstacle} Or set KAFKA_BROKERS to brokers of your own.`);
	return mavenClassPath({
		list,
		cache,
		remedy: "try again, or set KAFKA_BROKERS to brokers of your own",
		onDownload: () => progress(`getting Kafka ${version} from Maven Central (once, 54 MB)`)
	});
}
