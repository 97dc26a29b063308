import { order, type Order } from "../../../contracts/order.ts";
import { mostRefunds, payment } from "../../../contracts/payment.ts";
import { call } from "../../../lib/service.ts";
import { validate } from "../../../lib/validator.ts";
import { as, admin, alice, bob } from "../../support/shop/callers.ts";
import { place } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { expectFailure } from "../../support/expect-failure.ts";

/** Replies about one order that has very much of something: a message on NATS has 1 MiB at most. */

const { actions } = order;
const mostBytes = 600 * 1024;
const bytesOf = (reply: object) => Buffer.byteLength(JSON.stringify(reply));

const item = { product_id: "prod-001", quantity: 1, amount: { amount: 1, currency: "USD" } };

const shop = useShop(orderServices);
let placed: Order;

beforeAll(async () => {
	({ order: placed } = await place(shop.broker, { wait_s: 10 }));
	await shop.database.rows(
		`insert into orders.history (order_id, version, type, from_status, to_status, actor, snapshot, hash)
			select order_id, version + n, 'order.shipped', 'shipped', 'shipped', actor,
				json_build_object('status', 'shipped', 'reason', repeat('r', 9000), 'shipment', null), hash
			from orders.history, generate_series(1, 250) n where order_id = $1 and version = 3`,
		[placed.id]
	);
	await shop.database.rows(
		`insert into orders.returns (id, order_id, status, items, reason)
			select gen_random_uuid(), $1, 'rejected', $2, repeat('r', 9000) from generate_series(1, 150)`,
		[placed.id, JSON.stringify([item])]
	);
}, 60_000);

interface Page {
	data: object[];
	next_cursor: string | null;
}

async function pages(
	action: typeof actions.events | (typeof actions)["return.list"],
	limit?: number
) {
	const found: Page[] = [];
	do {
		const cursor = found.at(-1)?.next_cursor;
		const params = { id: placed.id, ...(limit && { limit }), ...(cursor && { cursor }) };
		const page = await call(shop.broker, action as typeof actions.events, params, as(alice));
		expect(validate(action.returns, page)).toEqual([]);
		expect(bytesOf(page)).toBeLessThan(mostBytes);
		found.push(page);
	} while (found.at(-1)!.next_cursor !== null);
	return found;
}

it.each([undefined, 7])("the events of an order come in pages, with the limit %s", async limit => {
	const found = await pages(actions.events, limit);
	expect(
		found.flatMap(({ data }) => data).map(event => (event as { version: number }).version)
	).toEqual(Array.from({ length: 253 }, (_, n) => n + 1));
	expect(found.length).toBeGreaterThan(3);
});

it.each([undefined, 7])("the returns of an order come in pages, with the limit %s", async limit => {
	const ids = (await pages(actions["return.list"], limit))
		.flatMap(({ data }) => data)
		.map(one => (one as { id: string }).id);
	expect(ids).toEqual(ids.toSorted().toReversed());
	expect(new Set(ids).size).toBe(150);
});

it("a cursor is of one order, and shows no other customer anything", async () => {
	const { next_cursor } = await call(shop.broker, actions.events, { id: placed.id }, as(alice));
	const after = { id: placed.id, cursor: next_cursor! };
	await expectFailure(call(shop.broker, actions.events, after, as(bob)), "NOT_FOUND");
	const { order: other } = await place(shop.broker, { wait_s: 10 });
	const foreign = call(shop.broker, actions.events, { ...after, id: other.id }, as(alice));
	await expectFailure(foreign, "VALIDATION_FAILED");
});

it("a payment is shown with its latest refunds and disputes, oldest first", async () => {
	await shop.database.rows(
		`insert into payment.refunds (id, payment_id, purpose, amount_minor, reason, requested_by, status, failure_code,
				created_at)
			select gen_random_uuid(), $1, 'refund:' || n, 1, n::text, 'system', 'failed', 'declined',
				timestamptz '2026-01-01Z' + n * interval '1 s'
			from generate_series(1, 80) n`,
		[placed.payment!.id]
	);
	const shown = await call(shop.broker, payment.actions.get, { order_id: placed.id }, as(admin));
	expect(shown.refunds.map(({ reason }) => Number(reason))).toEqual(
		Array.from({ length: mostRefunds }, (_, n) => 80 - mostRefunds + n + 1)
	);
});
