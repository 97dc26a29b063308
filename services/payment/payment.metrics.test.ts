import { reviewGauges } from "./payment.metrics.ts";

describe("the metrics of reviews", () => {
	it("have a value for payments and for refunds, whether or not there is one", () => {
		expect(reviewGauges([{ kind: "refund", count: 2 }])).toEqual([
			{ name: "shop_payments_in_review", labels: { kind: "payment" }, value: 0 },
			{ name: "shop_payments_in_review", labels: { kind: "refund" }, value: 2 }
		]);
	});
});
