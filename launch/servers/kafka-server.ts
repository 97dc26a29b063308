import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { isListening, freePort } from "../process/free-port.ts";
import { kafkaClassPath } from "./kafka-jars.ts";
import { LaunchError } from "../process/launch-error.ts";
import { stopOrphans } from "../process/orphans.ts";
import { ServerProcess } from "../process/server-process.ts";

const execute = promisify(execFile);

export interface KafkaOptions {
	/** Absolute; holds the broker's data, settings and log. */
	directory: string;
	/** Delete its data first. */
	fresh?: boolean;
	progress(step: string): void;
	onCrash(reason: string): void;
	/** Override the broker's own settings. */
	settings?: Readonly<Record<string, string>>;
	/** Users for `kafka-storage format --add-scram`, if the settings require authentication. */
	scram?: string | readonly string[];
}

export interface KafkaServer {
	/** As KAFKA_BROKERS takes it. */
	brokers: string;
	stop(): Promise<void>;
	/** SIGKILL. A broker that is started again in the same folder has the same address. */
	crash(): Promise<void>;
	/** SIGSTOP: it does not respond, and its connections stay open. */
	pause(): void;
	resume(): void;
}

/** Small and quick to start rather than fast. */
const java = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

interface Ports {
	broker: number;
	controller: number;
}

const settingsOf = (directory: string) => join(directory, "server.properties");

/** One node that is broker and controller (KRaft), so every internal topic has one copy. */
function defaults(directory: string, { broker, controller }: Ports): Record<string, string> {
	return {
		"process.roles": "broker,controller",
		"node.id": "1",
		"controller.quorum.voters": `1@127.0.0.1:${controller}`,
		listeners: `CLIENTS://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
		"advertised.listeners": `CLIENTS://127.0.0.1:${broker}`,
		"controller.listener.names": "CONTROLLER",
		"inter.broker.listener.name": "CLIENTS",
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT",
		"log.dirs": join(directory, "data"),
		"offsets.topic.replication.factor": "1",
		// 50 by default: as many folders, for a handful of groups.
		"offsets.topic.num.partitions": "5",
		"transaction.state.log.replication.factor": "1",
		"transaction.state.log.min.isr": "1",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr": "1",
		"group.initial.rebalance.delay.ms": "0",
		// How long a killed broker prevents its successor from registering: 9 s by default.
		"broker.session.timeout.ms": "3000",
		"broker.heartbeat.interval.ms": "500",
		"auto.create.topics.enable": "false"
	};
}

/** The address of this folder's broker, now or when it last ran. */
export function kafkaPorts(directory: string): Ports | undefined {
	if (!existsSync(settingsOf(directory))) return undefined;
	const ports = readFileSync(settingsOf(directory), "utf8").match(
		/^listeners=CLIENTS:.*:(\d+),.*:(\d+)$/m
	);
	return ports ? { broker: Number(ports[1]), controller: Number(ports[2]) } : undefined;
}

/** The same ports as last time, so that clients find it again, unless they are taken. */
async function choosePorts(directory: string): Promise<Ports> {
	const last = kafkaPorts(directory);
	if (last && !(await isListening(last.broker)) && !(await isListening(last.controller)))
		return last;
	const broker = await freePort();
	let controller = broker;
	while (controller === broker) controller = await freePort();
	return { broker, controller };
}

async function format(classPath: string, { directory, scram }: KafkaOptions): Promise<void> {
	if (existsSync(join(directory, "data/meta.properties"))) return;
	const id = Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url");
	const users = [scram ?? []].flat().flatMap(user => ["--add-scram", user]);
	await execute("java", [
		...java,
		"-cp",
		classPath,
		"kafka.tools.StorageTool",
		"format",
		`--cluster-id=${id}`,
		"-c",
		settingsOf(directory),
		...users
	]).catch(error => {
		throw new LaunchError(`Kafka could not format ${directory}; its output:\n${error.stderr}`);
	});
}

/** Its log without the stacks. */
const logWithoutStacks = (log: string) =>
	readFileSync(log, "utf8").replace(/^\s+(at|\.\.\.) .*\n/gm, "");

/**
 * Starts an Apache Kafka broker of one node on loopback ports, open to everyone on this machine.
 * @throws LaunchError
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
	const { directory, progress, onCrash, settings } = options;
	const classPath = await kafkaClassPath(progress);
	mkdirSync(directory, { recursive: true });
	const file = settingsOf(directory);
	const log = join(directory, "kafka.log");
	await stopOrphans({ program: "java", argument: file }, "SIGTERM");
	if (options.fresh) rmSync(join(directory, "data"), { recursive: true, force: true });
	const ports = await choosePorts(directory);
	const lines = Object.entries({ ...defaults(directory, ports), ...settings });
	writeFileSync(file, lines.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
	await format(classPath, options);
	const args = [...java, "-cp", classPath, "kafka.Kafka", file];
	const server = await ServerProcess.start({
		spawn: spawnOptions => spawn("java", args, spawnOptions),
		log,
		isReady: () => isListening(ports.broker),
		onCrash: () => onCrash(`Kafka crashed; its log is ${log}`),
		signals: { stop: "SIGTERM", crash: "SIGKILL" },
		slowestStopMs: 10_000
	});
	if (!server) throw new LaunchError(`Kafka did not start; its log:\n${logWithoutStacks(log)}`);
	return {
		brokers: `127.0.0.1:${ports.broker}`,
		stop: () => server.stop(),
		crash: () => server.crash(),
		pause: () => server.pause(),
		resume: () => server.resume()
	};
}
