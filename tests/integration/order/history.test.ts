import fc from "fast-check";
import { order, type Order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, alice, as, bob } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { orderServices } from "../../support/shop/services.ts";

const shop = useShop(orderServices);

const read = (id: string, at?: string, user = alice) =>
	call(shop.broker, order.actions.get, at === undefined ? { id } : { id, at }, as(user));

/** A time of the database, in milliseconds as in the API. */
async function now(): Promise<string> {
	const [row] = await shop.database.rows<{ at: Date }>("select clock_timestamp() as at");
	return row!.at.toISOString();
}

const acts = {
	ship: (id: string) =>
		call(
			shop.broker,
			order.actions.ship,
			{ id, carrier: "UPS", tracking_number: `1Z "ä\\${id}` },
			as(admin)
		),
	deliver: (id: string) => call(shop.broker, order.actions.deliver, { id }, as(admin)),
	cancel: (id: string) =>
		call(
			shop.broker,
			order.actions.cancel,
			{ id, reason: 'it\'s \\ "too" late, ça va', idempotency_key: newId() },
			as(alice)
		)
};
type Act = keyof typeof acts;

/** What `get` returned, and when; the order was settled before and after. */
async function moment(id: string): Promise<{ at: string; seen: Order }> {
	const seen = await settledOrder(shop.broker, id);
	const at = await now();
	// The next transition must not fall into the same millisecond.
	while ((await now()) === at);
	return { at, seen };
}

describe("an order as of a time", () => {
	it("equals, for every moment, the response at that time, byte for byte", async () => {
		const life = fc.record({
			payment_method: fc.constantFrom("pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"),
			quantity: fc.integer({ min: 1, max: 3 }),
			acts: fc.array(fc.constantFrom<Act>("ship", "deliver", "cancel"), { maxLength: 4 })
		});
		await fc.assert(
			fc.asyncProperty(life, async ({ payment_method, quantity, acts: chosen }) => {
				const items = ["prod-002", "prod-001"].map(product_id => ({ product_id, quantity }));
				const { order: placed } = await place(shop.broker, { payment_method, items });
				const moments = [await moment(placed.id)];
				for (const act of chosen) {
					await acts[act](placed.id).catch(() => undefined);
					moments.push(await moment(placed.id));
				}
				for (const { at, seen } of moments)
					expect(JSON.stringify(await read(placed.id, at))).toBe(JSON.stringify(seen));
				expect(JSON.stringify(await read(placed.id, placed.created_at))).toBe(
					JSON.stringify(placed)
				);
			}),
			{ numRuns: 25 }
		);
	}, 60_000);

	it("includes what happened within the requested millisecond", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const { data } = await call(shop.broker, order.actions.events, { id: placed.id }, as(alice));
		for (const { at } of data) {
			const last = data.findLast(event => event.at === at)!;
			expect(await read(placed.id, at)).toMatchObject({ status: last.to, version: last.version });
		}
	});

	it("is not found before it was placed, nor by others, and is the current one in the future", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const before = new Date(Date.parse(placed.created_at) - 1).toISOString();
		for (const at of [before, "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00"])
			await expectFailure(read(placed.id, at), "NOT_FOUND");
		for (const future of ["9999-12-31T23:59:59-23:00", "2999-01-01T00:00:00+23:59"]) {
			await expectFailure(read(placed.id, future, bob), "NOT_FOUND");
			expect(JSON.stringify(await read(placed.id, future))).toBe(JSON.stringify(placed));
		}
	});

	it.each([
		["yesterday", "VALIDATION_ERROR"],
		["2026-13-01T00:00:00Z", "VALIDATION_ERROR"],
		["2026-01-01", "VALIDATION_ERROR"],
		["1990-12-31T23:59:60Z", "VALIDATION_FAILED"]
	] as const)("refuses %s, which is no instant", async (at, code) => {
		const { order: placed } = await place(shop.broker);
		await expectFailure(read(placed.id, at), code);
	});
});

describe("the history", () => {
	it("holds the whole order as it was placed, and then the changes", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const shipment = { carrier: "UPS", tracking_number: "1Z" };
		await call(shop.broker, order.actions.ship, { id: placed.id, ...shipment }, as(admin));
		const { data } = await call(shop.broker, order.actions.events, { id: placed.id }, as(alice));
		const { created_at, updated_at, ...whole } = await read(placed.id, placed.created_at);
		expect([created_at, updated_at]).toEqual([placed.created_at, placed.created_at]);
		expect(data.map(({ snapshot }) => snapshot)).toEqual([
			whole,
			{ status: "payment_pending", reason: null, shipment: null },
			{ status: "confirmed", reason: null, shipment: null },
			{ status: "shipped", reason: null, shipment }
		]);
	});

	it("writes every transition to the outbox, and marks those that are never published", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const events = await shop.database.rows(
			"select version, type, quiet from orders.outbox where order_id = $1 order by version",
			[placed.id]
		);
		expect(events).toEqual([
			{ version: 1, type: "order.created", quiet: false },
			{ version: 2, type: "order.payment_pending", quiet: true },
			{ version: 3, type: "order.confirmed", quiet: false }
		]);
	});
});
