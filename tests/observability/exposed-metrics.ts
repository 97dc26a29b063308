import metricsService from "../../services/metrics/metrics.service.ts";
import { startBus, stopBus } from "../support/servers/start-bus.ts";

/** Names of metrics, with the labels that each has. */
export type Exposed = ReadonlyMap<string, ReadonlySet<string>>;

/** Of every target; `node` is made by the job of the shop. */
const ofTarget = ["job", "instance", "node"];

interface Described {
	name: string;
	type: string;
	labelNames?: string[];
}

/** Series that a metric has in Prometheus, with the labels of each. */
function seriesOf({ name, type, labelNames = [] }: Described): [string, Set<string>][] {
	const labels = [...labelNames, ...ofTarget];
	if (type !== "histogram") return [[name, new Set(labels)]];
	return [
		[`${name}_bucket`, new Set([...labels, "le"])],
		[`${name}_sum`, new Set(labels)],
		[`${name}_count`, new Set(labels)]
	];
}

/** What a node exposes, process metrics included, and what Prometheus itself adds. */
export async function exposedMetrics(): Promise<Exposed> {
	const brokers = await startBus([[metricsService]]);
	try {
		const { metrics, register } = brokers[0]!.getLocalService("metrics") as unknown as {
			metrics: Record<string, { labelNames: string[] }>;
			register: { getMetricsAsJSON(): Described[] };
		};
		const described = register
			.getMetricsAsJSON()
			.flatMap(one => seriesOf({ ...one, labelNames: metrics[one.name]?.labelNames }));
		return new Map([
			...described,
			["up", new Set(ofTarget)],
			["ALERTS", new Set([...ofTarget, "alertname", "alertstate", "severity"])]
		]);
	} finally {
		await stopBus(brokers);
	}
}
