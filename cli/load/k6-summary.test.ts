import { loadReport, missedThresholds, type K6Summary } from "./k6-summary.ts";

/** As k6 1.8 writes it, shortened. */
const summary: K6Summary = {
	metrics: {
		checks: { value: 1, thresholds: { "rate>0.99": false } },
		http_req_failed: { value: 0.0123, thresholds: { "rate<0.01": true } },
		http_reqs: { count: 12_345, rate: 41.15 },
		shop_orders_accepted: { count: 1203, rate: 4 },
		shop_orders_not_confirmed: { count: 1, rate: 0 },
		shop_orders_confirmed: { count: 1200, rate: 4 },
		"http_req_duration{kind:order}": {
			med: 31.4,
			"p(95)": 1250.6,
			max: 4000,
			thresholds: { "p(95)<1000": true, "p(99)<3000": false }
		}
	}
};

it("names the thresholds that were missed", () => {
	expect(missedThresholds(summary)).toEqual([
		"http_req_failed: rate<0.01",
		"http_req_duration{kind:order}: p(95)<1000",
		"2 accepted orders were not followed to their end"
	]);
});

it("is a table with the missed thresholds below", () => {
	const report = loadReport("load", summary);
	expect(report).toContain("| orders confirmed | 1,200 | 4.0 |");
	expect(report).toContain("| orders without an end | 0 | 0.0 |");
	expect(report).toContain("| the response to an order | 31 | 1,251 | 4,000 |");
	expect(report).toContain("1.23 % of the requests failed; 100.00 % of the checks passed.");
	expect(report).toMatch(
		/^Missed: http_req_failed: rate<0\.01; .*p\(95\)<1000; 2 accepted orders .*\.$/m
	);
});

it("says that none was missed", () => {
	expect(loadReport("smoke", { metrics: { checks: { value: 1 } } })).toContain(
		"Every threshold was met."
	);
});
