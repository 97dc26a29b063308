import type { Order, Return } from "../../../contracts/order.ts";
import { fail, invalid } from "../../../lib/errors.ts";
import { allocate } from "../../../lib/money.ts";
import { payableStep } from "../../../lib/currency/payable.ts";
import { mergeLines, allocateTotal, type Line } from "../placement/order.pricing.ts";

export type ReturnItem = Return["items"][number];

/** A return as the saga carries it out, and as its order's events contain it. */
export interface Returning {
	id: string;
	items: ReturnItem[];
	reason: string;
	restock: boolean;
	/** Who approved it. */
	decided_by: string;
	/** The refunded amount, once it is known. */
	refunded?: ReturnItem["amount"];
}

/** The value of the first `count` of `bought` units, as a part of their share. */
function valueOfUnits(share: number, bought: number, count: number, step: number): number {
	return allocate(share, [count, bought - count], step)[0]!;
}

/**
 * The value of returned units: their part of their line's share of the total (including tax and shipping). In
 * any split, all units of a line have its share.
 *
 * @param before returned units, including open returns
 * @throws VALIDATION_FAILED for a product that is not on the order; RETURN_EXCEEDS_ORDER
 */
export function priceReturn(
	{ items, totals }: Pick<Order, "items" | "totals">,
	before: readonly ReturnItem[],
	lines: readonly Line[]
): ReturnItem[] {
	const { currency } = totals.total;
	const shares = new Map(allocateTotal(items, totals).map(s => [s.product_id, s.amount]));
	return mergeLines(lines, Infinity).map(({ product_id, quantity }) => {
		const bought = items.find(item => item.product_id === product_id)?.quantity;
		if (bought === undefined) return refuse(lines, product_id);
		const alreadyReturned = before
			.filter(item => item.product_id === product_id)
			.reduce((sum, item) => sum + item.quantity, 0);
		if (quantity > bought - alreadyReturned) refuse(lines, product_id, bought - alreadyReturned);
		const share = shares.get(product_id)!;
		const valueOf = (count: number) => valueOfUnits(share, bought, count, payableStep(currency));
		return {
			product_id,
			quantity,
			amount: { amount: valueOf(alreadyReturned + quantity) - valueOf(alreadyReturned), currency }
		};
	});
}

/** @param left how many may still be returned; undefined for a product that is not on the order */
function refuse(lines: readonly Line[], productId: string, left?: number): never {
	const index = lines.findLastIndex(({ product_id }) => product_id === productId);
	if (left === undefined)
		invalid(`/items/${index}/product_id`, "unknown-product", "is not on this order");
	fail("RETURN_EXCEEDS_ORDER", undefined, [
		{
			pointer: `/items/${index}/quantity`,
			code: "maximum",
			detail: `must be <= ${left}: more of it cannot come back`
		}
	]);
}
