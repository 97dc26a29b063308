import type { Driver } from "../../../streams/driver.ts";
import { EngineLog, type Engine, type Ownership } from "./engine-log.ts";

/** The answer that this service owns the windows is asked for again after so long; a handover waits for longer (cli/handover/handover.ts). */
export const recheckMs = 5000;

const names: Record<Engine, string> = { builtin: "the analytics service", flink: "the Flink job" };

const handOver = (engine: Engine) => `npm run stream -- engine ${engine}`;

/** Why nothing is published now; undefined where the engine of the settings is the owner. */
export function obstacle(ownership: Ownership | undefined, named: Engine): string | undefined {
	if (!ownership)
		return `ANALYTICS_ENGINE is ${named}, and no engine publishes windows yet: start ${names[named]}.`;
	if ("successor" in ownership) {
		const { successor } = ownership;
		return `The windows are being handed over to ${names[successor]}: if that was interrupted, repeat ${handOver(successor)}.`;
	}
	const { owner } = ownership;
	if (owner === named) return undefined;
	return `The windows are published by ${names[owner]}, and ANALYTICS_ENGINE is ${named}: set it to ${owner}, or hand them over with ${handOver(named)}.`;
}

export interface EngineOwnerOptions {
	driver: Driver;
	/** That of the settings. */
	engine: Engine;
	recheckMs?: number;
}

/**
 * Whether this service may publish windows and late events. A log in Postgres has no other writer. In Kafka the first
 * claim owns them until an operator hands them over.
 */
export class EngineOwner {
	readonly #options: EngineOwnerOptions;
	readonly #log: EngineLog;
	#checkedAt = -Infinity;

	constructor(options: EngineOwnerOptions) {
		this.#options = options;
		this.#log = new EngineLog(options.driver);
	}

	/**
	 * False where Flink publishes them, so that this service need not. @throws Error that says why nothing may be published or
	 * dropped: rows wait meanwhile
	 */
	async mayPublish(): Promise<boolean> {
		const { driver, engine } = this.#options;
		if (driver.kind !== "kafka") return true;
		await this.#check();
		return engine === "builtin";
	}

	close(): Promise<void> {
		return this.#log.close();
	}

	async #check(): Promise<void> {
		const { engine, recheckMs: every = recheckMs } = this.#options;
		// The wall clock, as the other stands while a machine is suspended.
		const now = Date.now();
		// Before rows are marked that are not sent, it asks each time: they would reach no reader if it was handed the windows since.
		const isRecent = engine === "builtin" && Math.abs(now - this.#checkedAt) < every;
		if (isRecent) return;
		const ownership = await this.#log.read();
		const found = ownership ?? (engine === "builtin" ? await this.#claim() : undefined);
		const reason = obstacle(found, engine);
		if (reason) throw new Error(reason);
		// A look counts from its beginning: what it has found may have changed since.
		if (Math.abs(Date.now() - now) >= recheckMs)
			throw new Error(
				`it took more than ${recheckMs / 1000} s to ask who publishes the windows, so nothing is published`
			);
		this.#checkedAt = now;
	}

	/** Another engine may have been faster. */
	async #claim(): Promise<Ownership | undefined> {
		await this.#log.append({ engine: "builtin", step: "claim" });
		return this.#log.read();
	}
}
