import { order } from "../../../contracts/order.ts";
import { fingerprint } from "../../../idempotency/fingerprint.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { validate } from "../../../lib/validator.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { alice, as } from "../../support/shop/callers.ts";
import { address, orderOf, place, settledOrder } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { useShop } from "../../support/shop/use-shop.ts";

const shop = useShop(orderServices, {
	PRICING_JSON: JSON.stringify({
		"*": { shipping: { USD: 1500 }, tax_basis_points: 0 },
		US: { shipping: { USD: 500 }, tax_basis_points: 0 },
		"US-CA": { shipping: { USD: 500 }, tax_basis_points: 5000 }
	})
});

const shippedTo = async (over: object) => {
	const { order: placed } = await place(shop.broker, {
		shipping_address: { ...address, ...over }
	});
	await settledOrder(shop.broker, placed.id);
	return placed;
};

it.each(["CA", "ca", " CA", "California", "ＣＡＬＩＦＯＲＮＩＡ", "US-CA"])(
	"%j has the tax of California, and is stored as CA",
	async state => {
		const { totals, shipping_address, id } = await shippedTo({ state });
		expect(totals.tax.amount).toBe(totals.subtotal.amount / 2);
		expect(shipping_address.state).toBe("CA");
		const found = await call(shop.broker, order.actions.get, { id }, as(alice));
		expect(found.shipping_address).toEqual(shipping_address);
	}
);

it.each([undefined, "Kalifornien", "C A L", "Bayern"])(
	"%j is no way around a tax by state",
	async state => {
		const attempt = place(shop.broker, { shipping_address: { ...address, state } });
		await expectFailure(attempt, "VALIDATION_FAILED", { pointer: "/shipping_address/state" });
	}
);

it("another state has the price of the country", async () => {
	const { totals } = await shippedTo({ state: "nevada", zip: "89501" });
	expect([totals.tax.amount, totals.shipping.amount]).toEqual([0, 500]);
});

it("Hong Kong needs no postal code, and an order has all lines of its address, at all times", async () => {
	const whole = {
		name: "陳大文",
		company: "Lamps Ltd",
		street: "1 Queen's Road",
		line2: "12/F",
		city: "Central",
		country: "HK",
		phone: "+85221234567"
	};
	const { order: placed } = await place(shop.broker, { shipping_address: whole });
	expect(placed.shipping_address).toEqual({ ...whole, state: null, zip: null });
	const { id } = await settledOrder(shop.broker, placed.id);
	const now = await call(shop.broker, order.actions.get, { id }, as(alice));
	const at = new Date().toISOString();
	const then = await call(shop.broker, order.actions.get, { id, at }, as(alice));
	expect(JSON.stringify(now.shipping_address)).toBe(JSON.stringify(placed.shipping_address));
	expect(JSON.stringify(then.shipping_address)).toBe(JSON.stringify(placed.shipping_address));
	expect(validate(order.actions.get.returns, now)).toEqual([]);
});

it("an order from before reads as it did", async () => {
	const { id } = await shippedTo({});
	const former = { street: "1 Main St", city: "SF", state: "california", zip: "?", country: "US" };
	await shop.database.rows("update orders.orders set shipping_address = $1 where id = $2", [
		JSON.stringify(former),
		id
	]);
	const found = await call(shop.broker, order.actions.get, { id }, as(alice));
	expect(JSON.stringify(found.shipping_address)).toBe(JSON.stringify(former));
	expect(validate(order.actions.get.returns, found)).toEqual([]);
});

describe("a repetition", () => {
	it("may write USA as US, and is no other request", async () => {
		const key = { idempotency_key: newId() };
		const { order: placed } = await place(shop.broker, key);
		for (const country of ["US", "us", "Usa"]) {
			const shipping_address = { ...address, country };
			const again = await place(shop.broker, { ...key, shipping_address });
			expect(again).toMatchObject({ replayed: true, order: { id: placed.id } });
		}
		const elsewhere = { ...address, country: "CA", zip: "K1A 0B1" };
		const other = place(shop.broker, { ...key, shipping_address: elsewhere });
		await expectFailure(other, "IDEMPOTENCY_KEY_REUSED");
		await settledOrder(shop.broker, placed.id);
	});

	it("of a request from before countries had one spelling gets its response, with any address", async () => {
		const former = { ...orderOf(), shipping_address: { ...address, zip: "ABCDE" } };
		const { order: placed } = await place(shop.broker, {
			idempotency_key: former.idempotency_key
		});
		const { idempotency_key, ...params } = former;
		const stored = fingerprint([order.actions.place.name, params]);
		await shop.database.rows("update idempotency.request set request_hash = $1 where key = $2", [
			stored,
			idempotency_key
		]);
		expect(await place(shop.broker, former)).toMatchObject({
			replayed: true,
			order: { id: placed.id }
		});
		await settledOrder(shop.broker, placed.id);
	});
});
