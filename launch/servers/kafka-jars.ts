import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { LaunchError } from "../process/launch-error.ts";
import { download } from "./download.ts";

/** The oldest Java that can run the broker's class files. */
const oldestJava = 17;
const registry = "https://repo1.maven.org/maven2";
/** Written by scripts/update-kafka-jars.ts. */
const list = readFileSync(join(import.meta.dirname, "kafka-jars.sha256"), "utf8");
const version = /kafka_2\.13-(.+)\.jar$/m.exec(list)![1]!;
const cache = join(import.meta.dirname, "../../.cache/kafka", version);
const attempts = 3;
const atOnce = 8;

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

async function checkedJar(path: string, sha256: string): Promise<Buffer> {
	const jar = await download(`${registry}/${path}`);
	if (createHash("sha256").update(jar).digest("hex") !== sha256) throw new Error("wrong checksum");
	return jar;
}

async function fetchJar(path: string, sha256: string): Promise<void> {
	const target = join(cache, basename(path));
	for (let attempt = 1; !existsSync(target); attempt++)
		try {
			const jar = await checkedJar(path, sha256);
			const unfinished = `${target}.${process.pid}`;
			writeFileSync(unfinished, jar);
			renameSync(unfinished, target);
		} catch (error) {
			if (attempt < attempts) continue;
			throw new LaunchError(
				`${registry}/${path} cannot be had (${(error as Error).message}): try again, or set KAFKA_BROKERS to brokers of your own.`
			);
		}
}

/**
 * Java's class path of a Kafka broker and its tools, from Maven Central on first use.
 * @throws LaunchError that says what is missing
 */
export async function kafkaClassPath(progress: (step: string) => void): Promise<string> {
	const obstacle = whyNoKafka();
	if (obstacle) throw new LaunchError(`${obstacle} Or set KAFKA_BROKERS to brokers of your own.`);
	mkdirSync(cache, { recursive: true });
	const wanted = list
		.trim()
		.split("\n")
		.map(line => line.split(/\s+/) as [sha256: string, path: string])
		.filter(([, path]) => !existsSync(join(cache, basename(path))));
	if (wanted.length > 0) progress(`getting Kafka ${version} from Maven Central (once, 54 MB)`);
	const worker = async () => {
		for (let next = wanted.pop(); next; next = wanted.pop()) await fetchJar(next[1], next[0]);
	};
	await Promise.all(Array.from({ length: atOnce }, worker));
	return join(cache, "*");
}
