import pg from "pg";
import { order, type Order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { product } from "../../../contracts/product.ts";
import { call } from "../../../lib/service.ts";
import { newId } from "../../../lib/id.ts";
import { config } from "../../../config/index.ts";
import { readLedger } from "../../../psp/ledger/ledger.ts";
import { verify } from "../../../verify/payments.verifier.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, alice, as } from "../../support/shop/callers.ts";
import { address, place } from "../../support/shop/orders.ts";
import { ledgerPath } from "../../support/shop/payments.ts";
import { orderServices } from "../../support/shop/services.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Orders in several currencies, from the price to the return, and what the provider took. */

const pricing = {
	"*": { shipping: 0, tax_basis_points: 0 },
	"US-CA": {
		shipping: { USD: 500, KWD: 1250, ISK: 900, MGA: 20_000, HUF: 99_000, UGX: 1000, JPY: 700 },
		tax_basis_points: 725
	}
};
const shop = useShop(orderServices, {
	LOG_LEVEL: "fatal",
	SAGA_POLL_MS: "50",
	PRICING_JSON: JSON.stringify(pricing)
});

async function priced(amount: number, currency: string): Promise<string> {
	const sku = `M-${newId().toUpperCase()}`;
	const entry = { sku, name: sku, category: "money", price: { amount, currency }, stock: 100 };
	return (await call(shop.broker, product.actions.create, entry, as(admin))).id;
}

async function delivered(items: { product_id: string; quantity: number }[]): Promise<Order> {
	const { order: placed } = await place(shop.broker, { items, wait_s: 10 });
	expect(placed.status).toBe("confirmed");
	const { id } = placed;
	const parcel = { id, carrier: "UPS", tracking_number: "1Z" };
	await call(shop.broker, order.actions.ship, parcel, as(admin));
	return call(shop.broker, order.actions.deliver, { id }, as(admin));
}

async function returned(id: string, product_id: string): Promise<number> {
	const request = { id, items: [{ product_id, quantity: 1 }], reason: "x" };
	const keyed = { ...request, idempotency_key: newId() };
	const { return: asked } = await call(
		shop.broker,
		order.actions["return.request"],
		keyed,
		as(alice)
	);
	await call(shop.broker, order.actions["return.approve"], { id: asked.id }, as(admin));
	const done = await until(async () => {
		const of = { id: asked.id };
		const found = await call(shop.broker, order.actions["return.get"], of, as(admin));
		return found.status === "completed" ? found : undefined;
	}, 20_000);
	return done.refunded!.amount;
}

/** What the provider took for an order, and what it refunded, in its units. */
async function atProvider(order_id: string): Promise<[number, number[]]> {
	const { charges, refunds } = await readLedger(ledgerPath(shop));
	const charge = charges.find(one => one.order_id === order_id)!;
	const made = refunds.filter(({ charge_ref }) => charge_ref === charge.ref);
	return [charge.amount, made.map(({ amount }) => amount)];
}

it.each([
	["KWD", 3330, { subtotal: 9990, shipping: 1250, tax: 720, total: 11_960 }, 10, 1],
	["MGA", 33_300, { subtotal: 99_900, shipping: 20_000, tax: 7200, total: 127_100 }, 100, 0.01],
	["ISK", 3333, { subtotal: 9999, shipping: 900, tax: 725, total: 11_624 }, 1, 100],
	["UGX", 3333, { subtotal: 9999, shipping: 1000, tax: 725, total: 11_724 }, 1, 100],
	["HUF", 33_333, { subtotal: 99_999, shipping: 99_000, tax: 7250, total: 206_249 }, 1, 1],
	["JPY", 333, { subtotal: 999, shipping: 700, tax: 72, total: 1771 }, 1, 1],
	["USD", 333, { subtotal: 999, shipping: 500, tax: 72, total: 1571 }, 1, 1]
])(
	"an order in %s is charged and refunded as it is shown",
	async (currency, price, amounts, step, unit) => {
		const id = await priced(price, currency);
		const made = await delivered([{ product_id: id, quantity: 3 }]);
		const { subtotal, shipping, tax, total } = made.totals;
		expect([subtotal, shipping, tax, total].map(({ amount }) => amount)).toEqual(
			Object.values(amounts)
		);
		const first = await returned(made.id, id);
		const second = await returned(made.id, id);
		const third = await returned(made.id, id);
		expect([first, second, third].map(amount => amount % step)).toEqual([0, 0, 0]);
		expect(first + second + third).toBe(total.amount);
		expect(await atProvider(made.id)).toEqual([
			total.amount * unit,
			[first, second, third].map(amount => amount * unit)
		]);
		const paid = await call(shop.broker, payment.actions.get, { order_id: made.id }, as(admin));
		expect(paid).toMatchObject({ amount: total, refunded: total });
	},
	60_000
);

it("is no difference to verify", async () => {
	const client = new pg.Client({ connectionString: shop.database.url });
	await client.connect();
	try {
		const found = [];
		const context = {
			client,
			config: { ...config(), databaseUrl: shop.database.url },
			progress: () => undefined
		} as unknown as Parameters<typeof verify>[0];
		for await (const line of verify(context)) found.push(line);
		expect(found).toEqual([]);
	} finally {
		await client.end();
	}
});

describe("an order is refused", () => {
	it("in a currency without a shipping price for its address, but not for another address", async () => {
		const items = [{ product_id: await priced(2000, "CHF"), quantity: 1 }];
		await expectFailure(place(shop.broker, { items }), "SHIPPING_NOT_PRICED");
		const elsewhere = { ...address, state: "NV" };
		const { order: made } = await place(shop.broker, { items, shipping_address: elsewhere });
		expect(made.totals.shipping).toEqual({ amount: 0, currency: "CHF" });
	});

	it.each([
		["KPW", 1000, "CURRENCY_NOT_PAYABLE"],
		["IQD", 1000, "CURRENCY_NOT_PAYABLE"],
		["USD", 1, "AMOUNT_TOO_SMALL"],
		["HUF", 17_000, "AMOUNT_TOO_SMALL"],
		["USD", 99_999_999_999, "AMOUNT_TOO_LARGE"],
		["ISK", 1_000_000, "AMOUNT_TOO_LARGE"]
	] as const)(
		"at a price from before of %s %i, and nothing is written",
		async (currency, price, code) => {
			const id = await priced(1000, "USD");
			const sql = "update product.products set price_minor = $2, currency = $3 where id = $1";
			await shop.database.rows(sql, [id, price, currency]);
			const elsewhere = { ...address, state: "NV" };
			const items = [{ product_id: id, quantity: 1 }];
			await expectFailure(place(shop.broker, { items, shipping_address: elsewhere }), code);
			const stored = "select 1 from orders.orders where items::text like '%' || $1 || '%'";
			expect(await shop.database.rows(stored, [id])).toEqual([]);
		}
	);
});

it("an order at a price from before that is no multiple is rounded, and charged", async () => {
	const id = await priced(1000, "KWD");
	await shop.database.rows("update product.products set price_minor = 1235 where id = $1", [id]);
	const items = [{ product_id: id, quantity: 2 }];
	const { order: made } = await place(shop.broker, { items, wait_s: 10 });
	expect(made.status).toBe("confirmed");
	expect(made.items[0]).toMatchObject({
		unit_price: { amount: 1240, currency: "KWD" },
		line_total: { amount: 2480, currency: "KWD" }
	});
	expect((await atProvider(made.id))[0]).toBe(made.totals.total.amount);
});
