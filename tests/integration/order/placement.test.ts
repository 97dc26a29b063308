import { order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import { payment } from "../../../contracts/payment.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { admin, alice, as, bob, support } from "../../support/shop/callers.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { orderServices } from "../../support/shop/services.ts";

const shop = useShop(orderServices, {}, { checkStock: "all" });

async function history(id: string): Promise<[string, string][]> {
	const { data } = await call(shop.broker, order.actions.events, { id }, as(admin));
	return data.map(event => [event.to, event.actor.role]);
}

async function outboxTypes(id: string): Promise<string[]> {
	const sql = "select type from orders.outbox where order_id = $1 and not quiet order by version";
	return (await shop.database.rows<{ type: string }>(sql, [id])).map(row => row.type);
}

describe("placing an order", () => {
	it("returns pending at once, with the shop's prices and an alpha-2 country", async () => {
		const { order: placed, replayed } = await place(shop.broker);
		expect(replayed).toBe(false);
		expect(placed).toMatchObject({
			user_id: "user-123",
			status: "pending",
			version: 1,
			payment: null,
			shipping_address: { country: "US" }
		});
		const { subtotal, total } = placed.totals;
		expect(subtotal.amount).toBe(placed.items[0]!.unit_price.amount * 2);
		expect(total).toEqual(subtotal);
		await settledOrder(shop.broker, placed.id);
	});

	it("becomes confirmed and paid, and publishes each step once", async () => {
		const { order: placed } = await place(shop.broker);
		const confirmed = await settledOrder(shop.broker, placed.id);
		expect(confirmed).toMatchObject({
			status: "confirmed",
			payment: { status: "succeeded", refunded: { amount: 0 } }
		});
		expect(await history(placed.id)).toEqual([
			["pending", "customer"],
			["payment_pending", "system"],
			["confirmed", "system"]
		]);
		expect(await outboxTypes(placed.id)).toEqual(["order.created", "order.confirmed"]);
		const [saga] = await shop.database.rows("select 1 from orders.saga where order_id = $1", [
			placed.id
		]);
		expect(saga).toBeUndefined();
	});

	it("waits for the outcome on request", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		expect(placed).toMatchObject({ status: "confirmed", payment: { status: "succeeded" } });
	});

	// Below the 10 s that are asked for: the wait ends when only the customer can go on.
	it("waits no longer than until the customer must approve the payment, and says where", async () => {
		const asked = { payment_method: "pm_card_threeDSecureRequired", wait_s: 10 };
		const { order: placed } = await place(shop.broker, asked);
		expect(placed).toMatchObject({
			status: "payment_pending",
			payment: { status: "processing", next_action: { type: "redirect", url: expect.any(String) } }
		});
		const seenBy = async (user: typeof alice) =>
			(await call(shop.broker, order.actions.get, { id: placed.id }, as(user))).payment;
		expect((await seenBy(alice))!.next_action).toEqual(placed.payment!.next_action);
		expect(await seenBy(admin)).not.toHaveProperty("next_action");
	}, 8000);

	it("returns the current order when the time to wait is over", async () => {
		const slow = { payment_method: "pm_sim_slow", wait_s: 0.3 };
		const { order: placed } = await place(shop.broker, slow);
		expect(placed.status).toBe("payment_pending");
		expect((await settledOrder(shop.broker, placed.id, 15_000)).status).toBe("confirmed");
	}, 20_000);

	it.each([
		["pm_card_chargeDeclined", "card_declined"],
		["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"]
	])("ends as payment_failed with %s and releases its units", async (payment_method, reason) => {
		const { order: placed } = await place(shop.broker, { payment_method, wait_s: 10 });
		expect(placed).toMatchObject({ status: "payment_failed", reason });
		const [stock] = await shop.database.rows<{ n: number }>(
			"select count(*)::int as n from product.reservation_head where order_id = $1 and state <> 'released'",
			[placed.id]
		);
		expect(stock!.n).toBe(0);
	});

	it("confirms with one charge when the provider's response was lost", async () => {
		const { order: placed } = await place(shop.broker, { payment_method: "pm_sim_dropConnection" });
		const settled = await settledOrder(shop.broker, placed.id, 15_000);
		expect(settled).toMatchObject({ status: "confirmed", payment: { status: "succeeded" } });
	}, 20_000);

	it("is cancelled when out of stock, and stock never goes below zero", async () => {
		await shop.database.rows(
			"insert into product.products (id, sku, name, description, category, price_minor, currency) values ('scarce', 'SCARCE-1', 'Scarce', '', 'x', 100, 'USD')"
		);
		await shop.database.rows(
			"insert into product.stock (product_id, on_hand) values ('scarce', 1)"
		);
		await shop.database.rows(
			"insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved) values ('scarce', 'initial', 1, 0)"
		);
		const { order: placed } = await place(shop.broker, {
			items: [{ product_id: "scarce", quantity: 2 }],
			wait_s: 10
		});
		expect(placed).toMatchObject({ status: "cancelled", reason: "out_of_stock", payment: null });
		expect(await outboxTypes(placed.id)).toEqual(["order.created", "order.rejected"]);
	});

	it("merges lines of one product", async () => {
		const line = { product_id: "prod-002", quantity: 1 };
		const { order: placed } = await place(shop.broker, { items: [line, line], wait_s: 10 });
		expect(placed.items).toEqual([expect.objectContaining({ quantity: 2 })]);
		expect(placed.status).toBe("confirmed");
	});

	it("refuses unknown products, naming the lines", async () => {
		const items = [{ product_id: "no-such", quantity: 1 }];
		await expectFailure(place(shop.broker, { items }), "UNKNOWN_PRODUCT", {
			pointer: "/items/0/product_id"
		});
	});

	it("refuses to place for somebody else", async () => {
		await expectFailure(place(shop.broker, { user_id: bob.id }), "FORBIDDEN");
	});
});

describe("the idempotency key", () => {
	it("places one order for twenty concurrent requests, and returns the same bytes", async () => {
		const key = { idempotency_key: newId() };
		const answers = await Promise.all(Array.from({ length: 20 }, () => place(shop.broker, key)));
		const bodies = new Set(answers.map(answer => JSON.stringify(answer.order)));
		expect(bodies.size).toBe(1);
		expect(answers.filter(answer => !answer.replayed)).toHaveLength(1);
		await settledOrder(shop.broker, answers[0]!.order.id);
		const later = await place(shop.broker, key);
		expect(later).toEqual({ order: answers[0]!.order, replayed: true });
		expect(JSON.stringify(later.order)).toBe([...bodies][0]);
	});

	it("returns the same bytes to requests that wait, now, later and by reading", async () => {
		const waiting = { idempotency_key: newId(), wait_s: 10 };
		const answers = [];
		for (let n = 0; n < 3; n++) answers.push((await place(shop.broker, waiting)).order);
		answers.push(await call(shop.broker, order.actions.get, { id: answers[0]!.id }, as(alice)));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
	});

	it("is refused for another request, and independent between users", async () => {
		const key = { idempotency_key: newId() };
		const { order: first } = await place(shop.broker, key);
		const other = { ...key, items: [{ product_id: "prod-001", quantity: 3 }] };
		await expectFailure(place(shop.broker, other), "IDEMPOTENCY_KEY_REUSED");
		const { order: bobs, replayed } = await place(shop.broker, key, bob);
		expect(replayed).toBe(false);
		expect(bobs.id).not.toBe(first.id);
	});

	it("is honoured even when the product is no longer sold", async () => {
		await shop.database.rows(
			"insert into product.products (id, sku, name, description, category, price_minor, currency) values ('fleeting', 'FLEET-1', 'Fleeting', '', 'x', 100, 'USD')"
		);
		await shop.database.rows(
			"insert into product.stock (product_id, on_hand) values ('fleeting', 0)"
		);
		const request = { idempotency_key: newId(), items: [{ product_id: "fleeting", quantity: 1 }] };
		const { order: first } = await place(shop.broker, request);
		await shop.database.rows("update product.products set archived = true where id = 'fleeting'");
		expect(await place(shop.broker, request)).toEqual({ order: first, replayed: true });
	});
});

describe("cancelling", () => {
	const cancel = (id: string, user = alice, idempotency_key = newId()) =>
		call(
			shop.broker,
			order.actions.cancel,
			{ id, reason: "changed my mind", idempotency_key },
			as(user)
		);

	it("refunds a confirmed order and restocks its units", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const { order: cancelled } = await cancel(placed.id);
		expect(cancelled).toMatchObject({
			status: "refund_pending",
			payment: { status: "succeeded", refunded: { amount: 0 } }
		});
		const settled = await settledOrder(shop.broker, placed.id);
		expect(settled).toMatchObject({ status: "refunded", reason: "requested" });
		expect(settled.payment!.refunded).toEqual(settled.totals.total);
		expect(await outboxTypes(placed.id)).toEqual([
			"order.created",
			"order.confirmed",
			"order.cancelled",
			"order.refunded"
		]);
	});

	it("reverses an order whose payment is in progress", async () => {
		const { order: placed } = await place(shop.broker, { payment_method: "pm_sim_slow" });
		await cancel(placed.id);
		const settled = await settledOrder(shop.broker, placed.id, 15_000);
		expect(["cancelled", "refunded"]).toContain(settled.status);
		expect(settled.reason).toBe("requested");
		const net = settled.payment?.status === "succeeded" ? settled.payment.refunded : null;
		if (net) expect(net).toEqual(settled.totals.total);
	}, 20_000);

	it("is idempotent, and keeps the customer's reason in the history", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const key = newId();
		const answers = await Promise.all([1, 2, 3].map(() => cancel(placed.id, alice, key)));
		expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
		const second = await cancel(placed.id, alice, key);
		expect(second.replayed).toBe(true);
		for (const { order: answer } of answers)
			expect(JSON.stringify(answer)).toBe(JSON.stringify(second.order));
		await settledOrder(shop.broker, placed.id);
		expect((await cancel(placed.id)).order.status).toBe("refunded");
		const { data } = await call(shop.broker, order.actions.events, { id: placed.id }, as(alice));
		expect(data[3]).toMatchObject({
			to: "refund_pending",
			reason: "changed my mind",
			actor: { id: "user-123" }
		});
	});

	it("is refused after shipping, and for somebody else's order", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		await expectFailure(cancel(placed.id, bob), "NOT_FOUND");
		const parcel = { id: placed.id, carrier: "UPS", tracking_number: "1Z" };
		await call(shop.broker, order.actions.ship, parcel, as(admin));
		await expectFailure(cancel(placed.id), "ILLEGAL_TRANSITION");
	});

	it.each([support, admin])(
		"is for staff too, with a reason, and says who did it (%j)",
		async staff => {
			const { order: placed } = await place(shop.broker, { wait_s: 10 });
			const { id } = placed;
			const bare = { id, idempotency_key: newId() };
			await expectFailure(
				call(shop.broker, order.actions.cancel, bare, as(staff)),
				"VALIDATION_FAILED",
				{
					pointer: "/reason"
				}
			);
			expect((await cancel(id, staff)).order.status).toBe("refund_pending");
			expect((await settledOrder(shop.broker, id)).status).toBe("refunded");
			const { data } = await call(shop.broker, order.actions.events, { id }, as(admin));
			const cancelled = data.find(({ to }) => to === "refund_pending");
			expect(cancelled).toMatchObject({ reason: "changed my mind", actor: staff });
		}
	);

	it("races with shipping: one of the two wins, and the other is refused", async () => {
		for (let round = 0; round < 10; round++) {
			const { order: placed } = await place(shop.broker, { wait_s: 10 });
			const parcel = { id: placed.id, carrier: "UPS", tracking_number: "1Z" };
			const [shipped, cancelled] = await Promise.allSettled([
				call(shop.broker, order.actions.ship, parcel, as(admin)),
				cancel(placed.id)
			]);
			expect([shipped.status, cancelled.status].sort()).toEqual(["fulfilled", "rejected"]);
			const expected: OrderStatus = shipped.status === "fulfilled" ? "shipped" : "refunded";
			expect((await settledOrder(shop.broker, placed.id)).status).toBe(expected);
		}
	}, 30_000);
});

describe("fulfilment", () => {
	it("ships and delivers; a repetition changes nothing, another transition is refused", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const parcel = { id: placed.id, carrier: "UPS", tracking_number: "1Z" };
		const shipped = await call(shop.broker, order.actions.ship, parcel, as(admin));
		expect(shipped).toMatchObject({
			status: "shipped",
			shipment: { carrier: "UPS" },
			payment: { status: "succeeded" }
		});
		expect(await call(shop.broker, order.actions.ship, parcel, as(admin))).toEqual(shipped);
		const other = { ...parcel, carrier: "DHL" };
		await expectFailure(
			call(shop.broker, order.actions.ship, other, as(admin)),
			"ILLEGAL_TRANSITION"
		);
		const delivered = await call(shop.broker, order.actions.deliver, { id: placed.id }, as(admin));
		expect(delivered).toMatchObject({ status: "delivered", payment: { status: "succeeded" } });
		expect(await call(shop.broker, order.actions.deliver, { id: placed.id }, as(admin))).toEqual(
			delivered
		);
	});

	it("is for staff, and not before payment", async () => {
		const { order: placed } = await place(shop.broker, {
			payment_method: "pm_card_chargeDeclined"
		});
		await settledOrder(shop.broker, placed.id);
		const parcel = { id: placed.id, carrier: "UPS", tracking_number: "1Z" };
		const byCustomer = call(shop.broker, order.actions.ship, parcel, as(alice));
		await expectFailure(byCustomer, "FORBIDDEN");
		const unpaid = call(shop.broker, order.actions.ship, parcel, as(admin));
		await expectFailure(unpaid, "ILLEGAL_TRANSITION");
	});
});

describe("reading", () => {
	it("shows customers their own orders only, newest first, page by page", async () => {
		const placed = [];
		for (let n = 0; n < 5; n++) placed.push((await place(shop.broker, {}, bob)).order.id);
		const seen: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await call(shop.broker, order.actions.list, { limit: 2, cursor }, as(bob));
			expect(page.data.every(({ user_id }) => user_id === bob.id)).toBe(true);
			seen.push(...page.data.map(({ id }) => id));
			cursor = page.next_cursor ?? undefined;
		} while (cursor);
		expect(seen.slice(0, 5)).toEqual(placed.reverse());
		expect(new Set(seen).size).toBe(seen.length);
	});

	it("has pages that a message takes, also of the largest orders", async () => {
		const products = await seedProducts(shop.database, "long", 100, 1000);
		const name = "\u{1f6d2}".repeat(100);
		await shop.database.rows("update product.products set name = $1 where id = any ($2)", [
			name,
			products
		]);
		const items = products.map(product_id => ({ product_id, quantity: 1 }));
		const carol = { id: "carol", role: "customer" } as const;
		const placed: string[] = [];
		for (let n = 0; n < 24; n++) placed.push((await place(shop.broker, { items }, carol)).order.id);
		const seen: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await call(shop.broker, order.actions.list, { limit: 100, cursor }, as(carol));
			expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(1024 * 1024);
			seen.push(...page.data.map(({ id }) => id));
			cursor = page.next_cursor ?? undefined;
		} while (cursor);
		expect(seen).toEqual(placed.toReversed());
	}, 60_000);

	it("hides another's order as if it did not exist", async () => {
		const { order: placed } = await place(shop.broker);
		const id = placed.id;
		await expectFailure(call(shop.broker, order.actions.get, { id }, as(bob)), "NOT_FOUND");
		const events = call(shop.broker, order.actions.events, { id }, as(bob));
		await expectFailure(events, "NOT_FOUND");
		const paid = call(shop.broker, payment.actions.get, { order_id: id }, as(bob));
		await expectFailure(paid, "NOT_FOUND");
	});

	it("refuses an invalid cursor", async () => {
		const page = call(shop.broker, order.actions.list, { cursor: "nonsense" }, as(alice));
		await expectFailure(page, "VALIDATION_FAILED", { pointer: "/cursor" });
	});
});
