import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startKafka, type KafkaServer } from "../../launch/servers/kafka-server.ts";

/** Begin and end of a time in which the broker answered nothing; by `Date.now()`. */
export interface Outage {
	how: "kill" | "pause" | "loss";
	from: number;
	to: number;
}

/** A Kafka broker that may be killed, halted and robbed of its data under its clients. */
export class ChaosKafka {
	readonly outages: Outage[] = [];
	readonly #directory: string;
	#server: KafkaServer;

	private constructor(directory: string, server: KafkaServer) {
		this.#directory = directory;
		this.#server = server;
	}

	/** In a folder of its own below this one. @throws LaunchError */
	static async start(folder: string): Promise<ChaosKafka> {
		const directory = join(folder, "kafka");
		return new ChaosKafka(directory, await open(directory, false));
	}

	/** As KAFKA_BROKERS takes it; the same after a restart. */
	get brokers(): string {
		return this.#server.brokers;
	}

	/** SIGKILL; it is started again so many ms later, with its data or without. */
	async kill(downMs: number, { loss = false } = {}): Promise<void> {
		const startedAt = Date.now();
		await this.#server.crash();
		await sleep(downMs);
		const to = Date.now();
		this.#server = await open(this.#directory, loss);
		this.outages.push({ how: loss ? "loss" : "kill", from: startedAt, to });
	}

	/** SIGSTOP for so many ms: its connections stay open, and nothing is answered. */
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
	// That it has ended is noticed by everyone who uses it.
	return startKafka({ directory, fresh, progress, onCrash: () => undefined });
}
