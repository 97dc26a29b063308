import orderService from "../../../services/order/order.service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import productService from "../../../services/product/product.service.ts";
import { place } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { brokenStock } from "../../support/shop/stock.ts";
import { useShop } from "../../support/shop/use-shop.ts";

const shop = useShop([productService, paymentService, orderService]);

async function addProduct(id: string, units: number): Promise<void> {
	await shop.database.rows(
		`insert into product.products (id, sku, name, description, category, price_minor, currency)
			values ($1, upper($1), $1, '', 'hot', 100, 'USD')`,
		[id]
	);
	await shop.database.rows("insert into product.stock (product_id, on_hand) values ($1, $2)", [
		id,
		units
	]);
	await shop.database.rows(
		"insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved) values ($1, 'initial', $2, 0)",
		[id, units]
	);
}

/** `clients` that each place the next order as soon as their last is answered. */
async function load(clients: number, orders: number, next: (n: number) => Promise<unknown>) {
	let started = 0;
	const client = async () => {
		while (started < orders) await next(started++);
	};
	await Promise.all(Array.from({ length: clients }, client));
}

const untilSettled = () =>
	until(async () => (await shop.database.rows("select 1 from orders.saga")).length === 0, 30_000);

const countByStatus = async (product: string) => {
	const rows = await shop.database.rows<{ status: string; n: number }>(
		"select status, count(*)::int as n from orders.orders where items->0->>'product_id' = $1 group by 1",
		[product]
	);
	return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
};

it("sells exactly 100 of 100 units to 40 clients who place 1,000 orders", async () => {
	await addProduct("hot", 100);
	const items = [{ product_id: "hot", quantity: 1 }];
	await load(40, 1000, () => place(shop.broker, { items }));
	await untilSettled();
	expect(await countByStatus("hot")).toEqual({ confirmed: 100, cancelled: 900 });
	const [stock] = await shop.database.rows(
		"select on_hand::int, reserved::int from product.stock where product_id = 'hot'"
	);
	expect(stock).toEqual({ on_hand: 0, reserved: 0 });
	expect(await brokenStock(shop.database)).toEqual([]);
}, 60_000);

it("meets no deadlock with baskets of 4 lines over 10 hot products", async () => {
	const hot = Array.from({ length: 10 }, (_, n) => `basket-${n}`);
	for (const id of hot) await addProduct(id, 100_000);
	const pick = (n: number) =>
		[0, 3, 5, 8]
			.map(step => ({ product_id: hot[(n * 7 + step * 3) % 10]!, quantity: 1 }))
			.reverse();
	const placed: { status: string }[] = [];
	await load(30, 1500, async n =>
		placed.push((await place(shop.broker, { items: pick(n), wait_s: 10 })).order)
	);
	await untilSettled();
	expect(placed.filter(({ status }) => status !== "confirmed")).toEqual([]);
	const [deadlocks] = await shop.database.rows<{ n: number }>(
		"select deadlocks::int as n from pg_stat_database where datname = current_database()"
	);
	expect(deadlocks!.n).toBe(0);
	expect(await brokenStock(shop.database)).toEqual([]);
}, 60_000);

it("sells the last unit to exactly one of 50 concurrent orders", async () => {
	await addProduct("last", 1);
	const items = [{ product_id: "last", quantity: 1 }];
	const answers = await Promise.all(
		Array.from({ length: 50 }, () => place(shop.broker, { items, wait_s: 10 }))
	);
	const confirmed = answers.filter(({ order }) => order.status === "confirmed");
	const rejected = answers.filter(({ order }) => order.reason === "out_of_stock");
	expect([confirmed.length, rejected.length]).toEqual([1, 49]);
}, 30_000);
