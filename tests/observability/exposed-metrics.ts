import metricsService from "../../services/metrics/metrics.service.ts";
import { startBus, stopBus } from "../support/servers/start-bus.ts";

export interface Series {
	labels: ReadonlySet<string>;
	/** Whether it only grows: a counter, or a part of a histogram. */
	isCounter: boolean;
}

/** Series by the name of the metric. */
export type Exposed = ReadonlyMap<string, Series>;

const series = (labels: readonly string[], isCounter = false): Series => ({
	labels: new Set(labels),
	isCounter
});

/** Of what a rule records: no label, and no counter. */
export const recordedSeries = series([]);

/** Of every target; `node` is made by the job of the shop. */
const ofTarget = ["job", "instance", "node"];

interface Described {
	name: string;
	type: string;
	labelNames?: string[];
}

/** Series that a metric has in Prometheus, with the labels of each. */
function seriesOf({ name, type, labelNames = [] }: Described): [string, Series][] {
	const labels = [...labelNames, ...ofTarget];
	if (type !== "histogram") return [[name, series(labels, type === "counter")]];
	return [
		[`${name}_bucket`, series([...labels, "le"], true)],
		[`${name}_sum`, series(labels, true)],
		[`${name}_count`, series(labels, true)]
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
			["up", series(ofTarget)],
			["ALERTS", series([...ofTarget, "alertname", "alertstate", "severity"])]
		]);
	} finally {
		await stopBus(brokers);
	}
}
