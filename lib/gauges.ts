import type { ServiceBroker } from "moleculer";
import { Periodic } from "./periodic.ts";

export interface Gauge {
	/** One of those that the metrics service has. */
	name: string;
	labels: Readonly<Record<string, string>>;
	value: number;
}

const everyMs = 5000;

/** Shows values on this node; its metrics service, if it runs, keeps them. */
export function publishGauges(broker: ServiceBroker, gauges: readonly Gauge[]): void {
	for (const gauge of gauges)
		void broker.broadcastLocal("metrics.update", { ...gauge, method: "set" });
}

/** Rows of an outbox that wait, and the age of the oldest in seconds. */
export interface Lag {
	rows: number;
	seconds: number;
}

export const outboxGauges = (service: string, { rows, seconds }: Lag): Gauge[] => [
	{ name: "shop_outbox_rows", labels: { service }, value: rows },
	{ name: "shop_outbox_seconds", labels: { service }, value: seconds }
];

/** Measures every few seconds, for as long as it is not stopped. */
export class Gauges {
	readonly #periodic: Periodic;

	constructor(
		broker: ServiceBroker,
		measure: () => Promise<readonly Gauge[]>,
		onError: (error: Error) => void
	) {
		const work = async () => publishGauges(broker, await measure());
		this.#periodic = new Periodic({ everyMs, work, onError });
	}

	start(): void {
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}
}
