import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startKafka, type KafkaServer } from "../../launch/servers/kafka-server.ts";

/** Start and end of a time in which the broker was down; by `Date.now()`. */
export interface Outage {
	how: "kill" | "pause" | "loss";
	from: number;
	to: number;
}

/** A Kafka broker that may be killed, paused or lose its data while clients use it. */
export class ChaosKafka {
	readonly outages: Outage[] = [];
	readonly #directory: string;
	#server: KafkaServer;

	private constructor(directory: string, server: KafkaServer) {
		this.#directory = directory;
		this.#server = server;
	}

	/** Starts it in a folder below this one. @throws LaunchError */
	static async start(folder: string): Promise<ChaosKafka> {
		const directory = join(folder, "kafka");
		return new ChaosKafka(directory, await open(directory, false));
	}

	/** As in KAFKA_BROKERS; the same after a restart. */
	get brokers(): string {
		return this.#server.brokers;
	}

	/** SIGKILL, then a start after so many ms, with or without its data. */
	async kill(downMs: number, { loss = false } = {}): Promise<void> {
		const startedAt = Date.now();
		await this.#server.crash();
		await sleep(downMs);
		const to = Date.now();
		this.#server = await open(this.#directory, loss);
		this.outages.push({ how: loss ? "loss" : "kill", from: startedAt, to });
	}

	/** SIGSTOP for so many ms: connections stay open, and nothing is answered. */
	async pause(ms: number): Promise<void> {
		const from = Date.now();
		this.#server.pause();
		await sleep(ms);
		this.outages.push({ how: "pause", from, to: Date.now() });
		this.#server.resume();
	}

	stop(): Promise<void> {
		return this.#server.stop();
	}
}

function open(directory: string, fresh: boolean): Promise<KafkaServer> {
	const progress = () => undefined;
	// Its clients notice the crash.
	return startKafka({ directory, fresh, progress, onCrash: () => undefined });
}
