import fc from "fast-check";
import type { Failure } from "../../../lib/errors.ts";
import { allocateTotal } from "../placement/order.pricing.ts";
import { priceReturn, type ReturnItem } from "./return.pricing.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });

/** An order of some quantities and prices, with tax and shipping on top. */
function orderOf(lines: [quantity: number, price: number][], extra: number) {
	const items = lines.map(([quantity, price], index) => ({
		product_id: `p${index}`,
		name: "",
		quantity,
		unit_price: usd(price),
		line_total: usd(quantity * price)
	}));
	const subtotal = items.reduce((sum, item) => sum + item.line_total.amount, 0);
	const [nothing, total] = [usd(0), usd(subtotal + extra)];
	return { items, totals: { subtotal: usd(subtotal), shipping: nothing, tax: usd(extra), total } };
}

const orders = fc
	.tuple(
		fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9999 })), {
			minLength: 1,
			maxLength: 6
		}),
		fc.nat(5000)
	)
	.map(([lines, extra]) => orderOf(lines, extra));

const problem = (work: () => unknown) => {
	try {
		work();
	} catch (error) {
		const { type, data } = error as Failure;
		return { type, ...data };
	}
	throw new Error("nothing was refused");
};

describe("a return", () => {
	it("has its line's share of the total, in any split of the line", () => {
		fc.assert(
			fc.property(orders, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (order, cuts) => {
				const before: ReturnItem[] = [];
				for (const { product_id, quantity } of order.items)
					for (let left = quantity; left > 0;) {
						const count = Math.min(left, cuts.next().value as number);
						before.push(...priceReturn(order, before, [{ product_id, quantity: count }]));
						left -= count;
					}
				for (const { product_id, amount } of allocateTotal(order.items, order.totals)) {
					const parts = before.filter(item => item.product_id === product_id);
					expect(parts.reduce((sum, part) => sum + part.amount.amount, 0)).toBe(amount);
					for (const part of parts) expect(part.amount.amount).toBeGreaterThanOrEqual(0);
				}
			})
		);
	});

	it("of three at 10.00 with 1.00 tax is 3.67, 3.66 and 3.67", () => {
		const order = orderOf([[3, 333]], 101);
		const one = [{ product_id: "p0", quantity: 1 }];
		const first = priceReturn(order, [], one);
		const second = priceReturn(order, first, one);
		const third = priceReturn(order, [...first, ...second], one);
		expect([first, second, third].map(([item]) => item!.amount.amount)).toEqual([367, 366, 367]);
	});

	it.each(["KWD", "BHD", "JOD", "OMR", "TND"])(
		"in %s is of tens, in any split of the line",
		currency => {
			fc.assert(
				fc.property(orders, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (dollars, cuts) => {
					const tens = ({ amount }: { amount: number }) => ({ amount: amount * 10, currency });
					const items = dollars.items.map(item => ({ ...item, line_total: tens(item.line_total) }));
					const { subtotal, shipping, tax, total } = dollars.totals;
					const totals = {
						subtotal: tens(subtotal),
						shipping: tens(shipping),
						tax: tens(tax),
						total: tens(total)
					};
					const before: ReturnItem[] = [];
					for (const { product_id, quantity } of items)
						for (let left = quantity; left > 0;) {
							const count = Math.min(left, cuts.next().value as number);
							const lines = [{ product_id, quantity: count }];
							before.push(...priceReturn({ items, totals }, before, lines));
							left -= count;
						}
					const amounts = before.map(({ amount }) => amount.amount);
					expect(amounts.filter(amount => amount % 10 !== 0 || amount < 0)).toEqual([]);
					expect(amounts.reduce((a, b) => a + b, 0)).toBe(totals.total.amount);
				})
			);
		}
	);

	it("counts lines of one product together", () => {
		const order = orderOf([[3, 100]], 0);
		const line = (quantity: number) => ({ product_id: "p0", quantity });
		expect(priceReturn(order, [], [line(1), line(2)])).toEqual([
			{ product_id: "p0", quantity: 3, amount: usd(300) }
		]);
		expect(problem(() => priceReturn(order, [], [line(1), line(3)]))).toMatchObject({
			type: "RETURN_EXCEEDS_ORDER",
			errors: [{ pointer: "/items/1/quantity", code: "maximum" }]
		});
	});

	it("is limited to the bought units less the returned ones", () => {
		const order = orderOf([[2, 100]], 0);
		const one = [{ product_id: "p0", quantity: 1 }];
		const before = priceReturn(order, [], one);
		expect(problem(() => priceReturn(order, before, [{ ...one[0]!, quantity: 2 }]))).toMatchObject({
			type: "RETURN_EXCEEDS_ORDER",
			errors: [{ detail: expect.stringContaining("<= 1") }]
		});
	});

	it("must be on the order", () => {
		const order = orderOf([[2, 100]], 0);
		expect(
			problem(() => priceReturn(order, [], [{ product_id: "other", quantity: 1 }]))
		).toMatchObject({
			type: "VALIDATION_FAILED",
			errors: [{ pointer: "/items/0/product_id", code: "unknown-product" }]
		});
	});
});
