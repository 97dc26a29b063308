import { randomUUID } from "node:crypto";
import type { Order } from "../../../contracts/order.ts";
import type { Product } from "../../../contracts/product.ts";
import { usedKey } from "../../support/shop/bad-input.ts";
import type { Client, Clients, Options } from "../../support/shop/api-client.ts";
import type { TestDatabase } from "../../support/servers/database.ts";
import { address } from "../../support/shop/orders.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { until } from "../../support/until.ts";

/** Values of `{name}` in a row: ids, cursors, or a list of items. */
export type Fixtures = Record<string, unknown>;

const used = { key: usedKey };
const usd = (amount: number) => ({ amount, currency: "USD" });

async function product({ admin }: Clients, more: object = {}): Promise<Product> {
	const sku = `B-${randomUUID().toUpperCase()}`;
	const entry = { sku, name: sku, category: "tests", price: usd(1250), stock: 100, ...more };
	return (await admin.post<Product>("/api/v1/products", entry)).body;
}

async function cursor(client: Client, list: string): Promise<unknown> {
	return (await client.get(`/api/v1/${list}&limit=1`)).body.next_cursor;
}

async function makeProducts(clients: Clients, database: TestDatabase): Promise<Fixtures> {
	const { admin } = clients;
	const { id, sku } = await product(clients, { stock: 4 });
	await admin.post(`/api/v1/products/${id}/stock`, { delta: 1, reason: "found" }, used);
	const { id: archived } = await product(clients);
	await admin.delete(`/api/v1/products/${archived}`);
	const { id: euros } = await product(clients, { price: { amount: 1, currency: "EUR" } });
	const cheap = await product(clients, { price: usd(1) });
	const unpayable = await product(clients);
	await database.rows("update product.products set currency = 'KPW' where id = $1", [unpayable.id]);
	const dear = await seedProducts(database, "dear", 100, 999);
	const sql = "update product.products set price_minor = 99999999999 where id = any($1)";
	await database.rows(sql, [dear]);
	const fortune = dear.map(product_id => ({ product_id, quantity: 999 }));
	return { product: id, sku, archived, euros, fortune, cheap: cheap.id, unpayable: unpayable.id };
}

/** Alice's orders by their status or by that of their payment, and with it the payment. */
async function makeOrders(clients: Clients, database: TestDatabase): Promise<Fixtures> {
	const { admin, alice, support } = clients;
	const { id: sold } = await product(clients);
	const made: Fixtures = {};
	const place = async (name: string, payment_method = "pm_card_visa", options: Options = {}) => {
		const items = [{ product_id: sold, quantity: 1 }];
		const body = { items, shipping_address: address, payment_method };
		const sent = { headers: { prefer: "wait=10" }, ...options };
		const { body: order } = await alice.post<Order>("/api/v1/orders", body, sent);
		made[name] = order.id;
		return (made[`${name}_payment`] = order.payment!.id);
	};
	await place("order");
	await place("declined", "pm_card_chargeDeclined");

	await place("shipped", "pm_card_visa", { headers: { prefer: "wait=10" }, ...used });
	const parcel = { carrier: "UPS", tracking_number: "1Z999" };
	await admin.post(`/api/v1/orders/${made.shipped}/ship`, parcel);

	await place("too_late_to_cancel");
	await alice.post(
		`/api/v1/orders/${made.too_late_to_cancel}/cancel`,
		{ reason: "too late" },
		used
	);

	const part = { amount: usd(250), reason: "scratched" };
	await support.post(`/api/v1/payments/${await place("partly")}/refund`, part, used);
	await support.post(`/api/v1/payments/${await place("refunded")}/refund`, { reason: "lost" });
	for (const status of ["processing", "review"]) {
		const sql = "update payment.payments set status = $1, review_reason = 'x' where id = $2";
		await database.rows(sql, [status, await place(status)]);
	}
	return made;
}

/** Resolves when no order is in progress. */
export async function makeFixtures(clients: Clients, database: TestDatabase): Promise<Fixtures> {
	const made = {
		...(await makeProducts(clients, database)),
		...(await makeOrders(clients, database)),
		confirmed: await cursor(clients.alice, "orders?status=confirmed"),
		priced: await cursor(clients.anonymous, "products?category=coffee&currency=USD&sort=price")
	};
	await until(async () => (await database.rows("select 1 from orders.saga")).length === 0);
	return made;
}
