/** The parts of what k6 writes with --summary-export that are shown. Times are in ms. */
export interface K6Summary {
	metrics: Record<
		string,
		{
			count?: number;
			rate?: number;
			value?: number;
			med?: number;
			"p(95)"?: number;
			max?: number;
			/** Whether each was missed. */
			thresholds?: Record<string, boolean>;
		}
	>;
}

const counters = {
	dropped_iterations: "orders not sent, for want of virtual users",
	shop_orders_accepted: "orders accepted",
	shop_orders_confirmed: "orders confirmed",
	shop_orders_not_confirmed: "orders that ended otherwise",
	shop_orders_refused: "orders refused",
	shop_orders_unsettled: "orders without an end",
	http_reqs: "requests"
};

const times = {
	"http_req_duration{kind:read}": "a page of the catalogue",
	"http_req_duration{kind:order}": "the response to an order",
	shop_time_to_confirmed: "from an order to its confirmation"
};

const whole = (n: number | undefined) => Math.round(n ?? 0).toLocaleString("en-US");
const row = (...cells: string[]) => `| ${cells.join(" | ")} |`;

/**
 * What was missed: thresholds as k6 names them, and orders of which it is unknown how they ended, because k6 stopped
 * the virtual user that followed them.
 */
export function missedThresholds({ metrics }: K6Summary): string[] {
	const count = (name: string) => metrics[name]?.count ?? 0;
	const ended = ["confirmed", "not_confirmed", "unsettled"].map(end => count(`shop_orders_${end}`));
	const unknown = count("shop_orders_accepted") - ended.reduce((sum, one) => sum + one, 0);
	const missed = Object.entries(metrics).flatMap(([metric, { thresholds = {} }]) =>
		Object.entries(thresholds).flatMap(([threshold, isMissed]) =>
			isMissed ? [`${metric}: ${threshold}`] : []
		)
	);
	return unknown === 0
		? missed
		: [...missed, `${unknown} accepted orders were not followed to their end`];
}

/** What a run was like, as Markdown that can be read as it is. */
export function loadReport(profile: string, summary: K6Summary): string {
	const { metrics } = summary;
	const missed = missedThresholds(summary);
	const failed = metrics.http_req_failed?.value ?? 0;
	const checks = metrics.checks?.value ?? 0;
	return [
		`# Load test: ${profile}`,
		"",
		row("what", "number", "a second"),
		row("---", "---:", "---:"),
		...Object.entries(counters).map(([name, title]) =>
			row(title, whole(metrics[name]?.count), (metrics[name]?.rate ?? 0).toFixed(1))
		),
		"",
		row("time in ms", "median", "95 %", "longest"),
		row("---", "---:", "---:", "---:"),
		...Object.entries(times).map(([name, title]) =>
			row(
				title,
				whole(metrics[name]?.med),
				whole(metrics[name]?.["p(95)"]),
				whole(metrics[name]?.max)
			)
		),
		"",
		`${(failed * 100).toFixed(2)} % of the requests failed; ${(checks * 100).toFixed(2)} % of the checks passed.`,
		missed.length === 0 ? "Every threshold was met." : `Missed: ${missed.join("; ")}.`,
		""
	].join("\n");
}
