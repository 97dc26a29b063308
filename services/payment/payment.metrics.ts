import { reviewKinds, type Review } from "../../contracts/payment.ts";
import type { Gauge } from "../../lib/gauges.ts";
import type { BreakerState } from "./provider/guarded.ts";
import type { PaymentRow } from "./charges/payment.repository.ts";

export interface MetricUpdate {
	name: string;
	method: "inc" | "set";
	labels: Record<string, string>;
	value: number;
}

/** Number and amount (minor units) of payments by outcome. */
export function metricsOf(rows: PaymentRow[]): MetricUpdate[] {
	return rows.flatMap(({ status: result, amount_minor, currency }): MetricUpdate[] => [
		{ name: "shop_payments_total", method: "inc", labels: { result }, value: 1 },
		{
			name: "shop_payments_amount_minor_total",
			method: "inc",
			labels: { result, currency },
			value: amount_minor
		}
	]);
}

const levels: Record<BreakerState, number> = { closed: 0, half_open: 1, open: 2 };

export function breakerGauge(state: BreakerState): Gauge {
	return { name: "shop_psp_breaker_state", labels: {}, value: levels[state] };
}

/** A failed call of the provider. */
export function callMetric(call: string, result: string): MetricUpdate {
	return { name: "shop_psp_failures_total", method: "inc", labels: { call, result }, value: 1 };
}

export interface ReviewLoad {
	kind: Review["kind"];
	count: number;
}

/** Both kinds have a value, so that the last one does not stay when its reviews are decided. */
export function reviewGauges(load: readonly ReviewLoad[]): Gauge[] {
	const counts = new Map(load.map(({ kind, count }) => [kind, count]));
	return reviewKinds.map(kind => ({
		name: "shop_payments_in_review",
		labels: { kind },
		value: counts.get(kind) ?? 0
	}));
}
