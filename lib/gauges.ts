import type { ServiceBroker } from "moleculer";
import { Periodic } from "./periodic.ts";

export interface Gauge {
	/** A gauge of the metrics service. */
	name: string;
	labels: Readonly<Record<string, string>>;
	value: number;
}

const usualMs = 5000;

/** Sets gauges on this node; its metrics service, if it runs, stores them. */
export function publishGauges(broker: ServiceBroker, gauges: readonly Gauge[]): void {
	for (const gauge of gauges)
		void broker.broadcastLocal("metrics.update", { ...gauge, method: "set" });
}

/** Exposes gauges no more until they are published again: their values are not known. */
export function withdrawGauges(broker: ServiceBroker, gauges: readonly Gauge[]): void {
	for (const gauge of gauges)
		void broker.broadcastLocal("metrics.update", { ...gauge, method: "set", value: null });
}

/** Waiting rows of an outbox, and the age of the oldest in seconds. */
export interface Lag {
	rows: number;
	seconds: number;
}

export const outboxGauges = (service: string, { rows, seconds }: Lag): Gauge[] => [
	{ name: "shop_outbox_rows", labels: { service }, value: rows },
	{ name: "shop_outbox_seconds", labels: { service }, value: seconds }
];

export interface GaugesOptions {
	/** From the end of one measurement to the next (default 5000). */
	everyMs?: number;
	/** From the start to the first one (default `everyMs`). */
	firstAfterMs?: number;
	onError(error: Error): void;
}

/** Measures every few seconds until it is stopped. What cannot be measured any more is not exposed. */
export class Gauges {
	readonly #periodic: Periodic;

	constructor(
		broker: ServiceBroker,
		measure: () => Promise<readonly Gauge[]>,
		{ everyMs = usualMs, firstAfterMs, onError }: GaugesOptions
	) {
		let last: readonly Gauge[] = [];
		this.#periodic = new Periodic({
			everyMs,
			firstAfterMs,
			async work() {
				last = await measure();
				publishGauges(broker, last);
			},
			onError(error) {
				// The last values would look like a shop in which nothing changes.
				withdrawGauges(broker, last);
				onError(error);
			}
		});
	}

	start(): void {
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}
}
