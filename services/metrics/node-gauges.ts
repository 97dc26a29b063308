import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Service, ServiceBroker } from "moleculer";
import { poolsOfModels, type PoolUse } from "../../db/pool-use.ts";
import type { Gauge } from "../../lib/gauges.ts";
import { isBusUp } from "../../lib/health/bus.ts";
import manifest from "../../package.json" with { type: "json" };

/** As often as Prometheus scrapes by default in observability/, so that a peak of the event loop is not missed. */
export const nodeGaugesEveryMs = 15_000;

/** Members of services with Postgres and with models. */
interface WithPools extends Service {
	pg?: { pools(): PoolUse[] };
	model?: Parameters<typeof poolsOfModels>[0];
}

interface Endpoint {
	/** False while its circuit breaker is open. */
	state: boolean;
	local: boolean;
}

function poolGauges(service: string, { pool, busy, idle, waiting, max }: PoolUse): Gauge[] {
	const labels = { service, pool };
	return [
		{ name: "shop_database_connections", labels: { ...labels, state: "busy" }, value: busy },
		{ name: "shop_database_connections", labels: { ...labels, state: "idle" }, value: idle },
		{ name: "shop_database_connections_max", labels, value: max },
		{ name: "shop_database_waiting_requests", labels, value: waiting }
	];
}

function openBreakers(broker: ServiceBroker): number {
	const lists = [...broker.registry.actions.actions.values()] as { endpoints: Endpoint[] }[];
	return lists.flatMap(({ endpoints }) => endpoints).filter(({ state }) => !state).length;
}

const buildInfo: Gauge = {
	name: "shop_build_info",
	labels: { version: manifest.version, node_version: process.version },
	value: 1
};

/** What can be read in the memory of this node, and whether its bus answers. No database is asked. */
export class NodeGauges {
	readonly #broker: ServiceBroker;
	readonly #delay: ReturnType<typeof monitorEventLoopDelay>;
	readonly #tickMs: number;

	/** @param tickMs between two samples of the event loop */
	constructor(broker: ServiceBroker, tickMs = 20) {
		this.#broker = broker;
		this.#tickMs = tickMs;
		this.#delay = monitorEventLoopDelay({ resolution: tickMs });
		this.#delay.enable();
	}

	async read(): Promise<Gauge[]> {
		const bus = await isBusUp(this.#broker);
		const services = this.#broker.services as WithPools[];
		return [
			buildInfo,
			...(bus === undefined ? [] : [busGauge(bus)]),
			{ name: "shop_event_loop_delay_max_seconds", labels: {}, value: this.#delaySeconds() },
			{ name: "shop_action_breakers_open", labels: {}, value: openBreakers(this.#broker) },
			...services.flatMap(({ name, pg, model }) =>
				[...(pg?.pools() ?? []), ...(model ? poolsOfModels(model) : [])].flatMap(pool =>
					poolGauges(name, pool)
				)
			)
		];
	}

	stop(): void {
		this.#delay.disable();
	}

	/**
	 * The longest since the last reading. Not a percentile: a tick is one sample however long it took, so a block of
	 * seconds is one among hundreds. Node measures the time between two ticks of a timer, so its period is no delay.
	 */
	#delaySeconds(): number {
		const ns = this.#delay.count > 0 ? this.#delay.max : 0;
		this.#delay.reset();
		return Math.max(0, ns / 1e9 - this.#tickMs / 1000);
	}
}

const busGauge = (isUp: boolean): Gauge => ({
	name: "shop_bus_connected",
	labels: { bus: "nats" },
	value: isUp ? 1 : 0
});
