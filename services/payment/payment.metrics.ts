import type { PaymentRow } from "./payment.repository.ts";

interface MetricUpdate {
	name: string;
	method: "inc";
	labels: Record<string, string>;
	value: number;
}

/** How many payments ended how, and how much money (minor units) that is. */
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
