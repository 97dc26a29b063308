import { order, type Order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { openBankPage } from "../../support/shop/bank-page.ts";
import { alice, as, bob } from "../../support/shop/callers.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { beyondShare } from "../../support/shop/unpaid-share.ts";
import { until } from "../../support/until.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** Orders that wait for 3-D Secure keep no more of a product from others than one customer's share. */

const shop = useShop(
	orderServices,
	{ SAGA_POLL_MS: "50", PAYMENT_CHALLENGE_MS: "20000" },
	{ nodes: 2, checkStock: "all" }
);

let made = 0;
const stocked = async (units: number) =>
	(await seedProducts(shop.database, `unpaid-${++made}`, 1, units))[0]!;

type Lines = Record<string, number>;
const itemsOf = (lines: Lines) =>
	Object.entries(lines).map(([product_id, quantity]) => ({ product_id, quantity }));

/** An order whose card requires 3-D Secure, once its customer must act or it is refused. */
async function unpaid(lines: Lines, user = alice, node = 0): Promise<Order> {
	const items = itemsOf(lines);
	const card = { payment_method: "pm_card_authenticationRequired", wait_s: 10 };
	return (await place(shop.nodes[node]!, { items, ...card }, user)).order;
}
const bought = async (lines: Lines, user = bob): Promise<Order> =>
	(await place(shop.nodes[1]!, { items: itemsOf(lines), wait_s: 10 }, user)).order;

const get = (id: string, user = alice) => call(shop.broker, order.actions.get, { id }, as(user));
const cancel = (id: string) =>
	call(shop.broker, order.actions.cancel, { id, idempotency_key: newId() }, as(alice));

const statuses = (orders: Order[]) => orders.map(({ status }) => status);

it("20 unpaid orders of one customer at once keep a half, and another customer buys the rest", async () => {
	const id = await stocked(10);
	const orders = await Promise.all(
		Array.from({ length: 20 }, (_, n) => unpaid({ [id]: 1 }, alice, n % 2))
	);
	expect(orders.filter(({ status }) => status === "payment_pending")).toHaveLength(5);
	const refused = orders.filter(({ reason }) => reason === "reservation_limit");
	expect(refused).toHaveLength(15);
	expect(new Set(statuses(refused))).toEqual(new Set(["cancelled"]));
	expect(await beyondShare(shop.database, [id], 50)).toEqual([]);
	expect(await bought({ [id]: 5 })).toMatchObject({ status: "confirmed" });
}, 60_000);

describe("an order beyond the share", () => {
	it("says which items are too much and what to do, in every answer and in its event", async () => {
		const [a, b, c] = [await stocked(10), await stocked(4), await stocked(10)];
		expect((await unpaid({ [a]: 3 })).status).toBe("payment_pending");
		const refused = await unpaid({ [a]: 4, [b]: 3, [c]: 5 });
		const limited = [
			{ product_id: a, quantity: 4, limit: 5, held: 3 },
			{ product_id: b, quantity: 3, limit: 2, held: 0 }
		];
		expect(refused).toMatchObject({
			status: "cancelled",
			reason: "reservation_limit",
			payment: null,
			limited_items: limited
		});
		expect(refused.limited_items!.map(({ detail }) => detail)).toEqual([
			`You can have at most 5 of ${a} in unpaid orders at one time, and 3 are in your other unpaid orders. Order no more than 2, or pay for those orders or cancel them before you order again.`,
			`You can have at most 2 of ${b} in unpaid orders at one time. Order no more than that, and more once it is paid.`
		]);
		expect(JSON.stringify(await get(refused.id))).toBe(JSON.stringify(refused));
		const asOf = (at: string) =>
			call(shop.broker, order.actions.get, { id: refused.id, at }, as(alice));
		expect(await asOf(refused.updated_at)).toEqual(refused);
		expect(await asOf(refused.created_at)).not.toHaveProperty("limited_items");
		const { data } = await call(shop.broker, order.actions.list, { limit: 1 }, as(alice));
		expect(data).toEqual([refused]);
		const [event] = await shop.database.rows<{ type: string; payload: object }>(
			"select type, payload from orders.outbox where order_id = $1 and version > 1",
			[refused.id]
		);
		expect(event).toMatchObject({
			type: "order.rejected",
			payload: { reason: "reservation_limit", limited_items: limited }
		});
	}, 30_000);

	it("is answered with the same bytes again", async () => {
		const id = await stocked(2);
		const request = { items: itemsOf({ [id]: 2 }), wait_s: 10, idempotency_key: newId() };
		const first = await place(shop.broker, request);
		expect(first.order.reason).toBe("reservation_limit");
		const again = await place(shop.broker, request);
		expect(JSON.stringify(again)).toBe(JSON.stringify({ ...first, replayed: true }));
	}, 30_000);

	it("is refused also if it is the customer's only one, and one unit never is", async () => {
		const [few, one] = [await stocked(4), await stocked(1)];
		expect(await unpaid({ [few]: 4 })).toMatchObject({ reason: "reservation_limit" });
		expect(await unpaid({ [one]: 1 })).toMatchObject({ status: "payment_pending" });
	}, 30_000);

	it("is not shown at orders that have another reason", async () => {
		const id = await stocked(2);
		const soldOut = await bought({ [id]: 3 });
		expect(soldOut).toMatchObject({ status: "cancelled", reason: "out_of_stock" });
		for (const answer of [soldOut, await get(soldOut.id, bob), await bought({ [id]: 1 })])
			expect(answer).not.toHaveProperty("limited_items");
	}, 30_000);
});

describe("the share is free again", () => {
	it("when an order is cancelled", async () => {
		const id = await stocked(10);
		const first = await unpaid({ [id]: 5 });
		expect((await unpaid({ [id]: 1 })).reason).toBe("reservation_limit");
		await cancel(first.id);
		await settledOrder(shop.broker, first.id);
		expect((await unpaid({ [id]: 5 })).status).toBe("payment_pending");
	}, 30_000);

	it("when the customer approves the payment: paid orders count no more", async () => {
		const id = await stocked(10);
		const first = await unpaid({ [id]: 5 });
		await (await openBankPage(first.payment!.next_action!.url)).press("Approve");
		expect((await settledOrder(shop.broker, first.id, 30_000)).status).toBe("confirmed");
		// 5 are left.
		expect((await unpaid({ [id]: 3 })).limited_items).toMatchObject([{ limit: 2, held: 0 }]);
		expect((await unpaid({ [id]: 2 })).status).toBe("payment_pending");
	}, 60_000);

	it("when the time to approve is over", async () => {
		const id = await stocked(2);
		const first = await unpaid({ [id]: 1 });
		expect((await unpaid({ [id]: 1 })).reason).toBe("reservation_limit");
		const ended = await settledOrder(shop.broker, first.id, 60_000);
		expect(ended.status).not.toBe("confirmed");
		await until(async () => (await unpaid({ [id]: 1 })).status === "payment_pending", 20_000);
	}, 90_000);

	it("at once with a card that needs no approval, so that a customer buys everything in turn", async () => {
		const id = await stocked(5);
		const ends = [];
		for (const quantity of [2, 1, 1, 1]) ends.push(await bought({ [id]: quantity }, alice));
		expect(statuses(ends)).toEqual(ends.map(() => "confirmed"));
		expect(await bought({ [id]: 1 })).toMatchObject({ reason: "out_of_stock" });
	}, 30_000);
});
