import type { Order, Return } from "../../../contracts/order.ts";
import { fail } from "../../../lib/errors.ts";
import { allocate } from "../../../lib/money.ts";
import { mergeLines, allocateTotal, type Line } from "../placement/order.pricing.ts";

export type ReturnItem = Return["items"][number];

/** A return as the saga carries it out, and as its order's events tell of it. */
export interface Returning {
	id: string;
	items: ReturnItem[];
	reason: string;
	restock: boolean;
	/** Who approved it. */
	decided_by: string;
	/** What was paid back, once that is known. */
	refunded?: ReturnItem["amount"];
}

/** Of the share of all `bought` units, what the first `count` of them are worth. */
function valueOfUnits(share: number, bought: number, count: number): number {
	return allocate(share, [count, bought - count])[0]!;
}

/**
 * What the units that come back are worth: of their line's share of the total (tax and shipping
 * included) the part that is theirs. Cut up in any way, all units of a line are worth its share.
 *
 * @param before what came back before, or is about to
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
		const valueOf = (count: number) => valueOfUnits(shares.get(product_id)!, bought, count);
		return {
			product_id,
			quantity,
			amount: { amount: valueOf(alreadyReturned + quantity) - valueOf(alreadyReturned), currency }
		};
	});
}

/** @param left how many may still come back; undefined for none ever */
function refuse(lines: readonly Line[], productId: string, left?: number): never {
	const index = lines.findLastIndex(({ product_id }) => product_id === productId);
	if (left === undefined)
		fail("VALIDATION_FAILED", undefined, [
			{
				pointer: `/items/${index}/product_id`,
				code: "unknown-product",
				detail: "is not on this order"
			}
		]);
	fail("RETURN_EXCEEDS_ORDER", undefined, [
		{
			pointer: `/items/${index}/quantity`,
			code: "maximum",
			detail: `must be <= ${left}: more of it cannot come back`
		}
	]);
}
