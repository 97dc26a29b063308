import type { LimitedOrderItem, OrderItem } from "../../../contracts/order.ts";
import type { LimitedItem } from "../../../contracts/product.ts";

const areOrIs = (units: number) => (units === 1 ? "is" : "are");

/** What customers can do about it, in their words. */
function detailOf({ limit, held }: LimitedItem, name: string): string {
	const most = `You can have at most ${limit} of ${name} in unpaid orders at one time`;
	if (held === 0) return `${most}. Order no more than that, and more once it is paid.`;
	const others = `${most}, and ${held} ${areOrIs(held)} in your other unpaid orders`;
	const left = limit - held;
	return left > 0
		? `${others}. Order no more than ${left}, or pay for those orders or cancel them before you order again.`
		: `${others}. Pay for those orders or cancel them before you order again.`;
}

/** The items that were refused, as an order shows them. @param items those of the order */
export const limitedItems = (
	limited: readonly LimitedItem[],
	items: readonly Pick<OrderItem, "product_id" | "name">[]
): LimitedOrderItem[] =>
	limited.map(({ product_id, quantity, limit, held }) => {
		const name = items.find(item => item.product_id === product_id)?.name ?? product_id;
		const detail = detailOf({ product_id, quantity, limit, held }, name);
		return { product_id, quantity, limit, held, detail };
	});
