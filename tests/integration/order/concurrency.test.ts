import { place } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { orderServices } from "../../support/shop/services.ts";

const shop = useShop(orderServices, { ORDER_MAX_STOCK_PERCENT: "0" }, { checkStock: "all" });

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
	const [hot] = await seedProducts(shop.database, "hot", 1, 100);
	const items = [{ product_id: hot!, quantity: 1 }];
	await load(40, 1000, () => place(shop.broker, { items }));
	await untilSettled();
	expect(await countByStatus(hot!)).toEqual({ confirmed: 100, cancelled: 900 });
	const [stock] = await shop.database.rows(
		"select on_hand::int, reserved::int from product.stock where product_id = $1",
		[hot]
	);
	expect(stock).toEqual({ on_hand: 0, reserved: 0 });
}, 60_000);

it("meets no deadlock with baskets of 4 lines over 10 hot products", async () => {
	const hot = await seedProducts(shop.database, "basket", 10, 100_000);
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
}, 60_000);

it("sells the last unit to exactly one of 50 concurrent orders", async () => {
	const [last] = await seedProducts(shop.database, "last", 1, 1);
	const items = [{ product_id: last!, quantity: 1 }];
	const answers = await Promise.all(
		Array.from({ length: 50 }, () => place(shop.broker, { items, wait_s: 10 }))
	);
	const confirmed = answers.filter(({ order }) => order.status === "confirmed");
	const rejected = answers.filter(({ order }) => order.reason === "out_of_stock");
	expect([confirmed.length, rejected.length]).toEqual([1, 49]);
}, 30_000);
