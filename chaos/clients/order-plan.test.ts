import { orderPlan, paymentMethods, userCount } from "./order-plan.ts";

const products = { abroad: {}, hoarded: "h", scarce: ["a", "b"], plenty: ["c", "d"] };
const plans = Array.from({ length: 2000 }, (_, n) => orderPlan(5, n, products));
const share = (is: (plan: (typeof plans)[number]) => boolean) => plans.filter(is).length / 2000;

describe("the order plan", () => {
	it("is the same for the same seed and number", () => {
		expect(orderPlan(5, 77, products)).toEqual(plans[77]);
		expect(orderPlan(6, 77, products)).not.toEqual(plans[77]);
	});

	it("sends every request 5 to 20 times, concurrently for half of the orders", () => {
		const counts = plans.map(({ attempts }) => attempts);
		expect([Math.min(...counts), Math.max(...counts)]).toEqual([5, 20]);
		expect(share(({ inParallel }) => inParallel)).toBeCloseTo(0.5, 1);
	});

	it("uses every payment method, cancels some orders, and includes scarce products", () => {
		const used = new Set(plans.map(({ payment_method }) => payment_method));
		expect(used).toEqual(new Set(Object.keys(paymentMethods)));
		expect(share(({ cancelAfterMs }) => cancelAfterMs !== null)).toBeCloseTo(0.15, 1);
		const scarce = share(({ items }) => items.some(item => item.product_id === "a"));
		expect(scarce).toBeGreaterThan(0.2);
	});

	it("includes returns", () => {
		expect(share(({ returnsOrder }) => returnsOrder)).toBeCloseTo(0.08, 1);
	});

	it("includes customers who use one key for several requests", () => {
		expect(share(({ reusesKeys }) => reusesKeys)).toBeCloseTo(0.08, 1);
	});

	it("includes customers who hoard", () => {
		expect(share(({ hoards }) => hoards === "h")).toBeCloseTo(0.02, 2);
	});

	it("includes partial refunds", () => {
		expect(share(({ refunds }) => refunds.length > 0)).toBeCloseTo(0.15, 1);
	});

	it("is spread over many customers", () => {
		expect(new Set(plans.map(({ user }) => user)).size).toBe(userCount);
	});
});
