import fc from "fast-check";
import pg from "pg";
import { product, type ReservationState } from "../../../contracts/product.ts";
import { serviceUrl } from "../../../db/database.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import { brokenStock, seedProducts } from "../../support/shop/stock.ts";
import { expectSqlState } from "../../support/expect-failure.ts";
import { useShop } from "../../support/shop/use-shop.ts";

const { actions } = product;

interface Order {
	order_id: string;
	lines: { product_id: string; quantity: number }[];
}

const shop = useShop([productService], {}, { checkStock: "each" });

type Step = "lock" | "commit" | "release" | "restock";

async function reserve(orders: Order[], lock = true): Promise<ReservationState[]> {
	const { outcomes } = await call(shop.broker, actions.reserve, { orders, lock });
	return outcomes.map(({ state }) => state);
}

async function step(name: Step, orders: Order[]): Promise<ReservationState[]> {
	const order_ids = orders.map(({ order_id }) => order_id);
	return (await call(shop.broker, actions[name], { order_ids })).outcomes.map(({ state }) => state);
}

/** Runs the work of all items with so many concurrently. */
async function parallel<I>(items: I[], width: number, work: (item: I) => Promise<unknown>) {
	const queue = [...items];
	const worker = async () => {
		for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
	};
	await Promise.all(Array.from({ length: width }, worker));
}

/** Splits orders into batches whose sizes repeat `sizes`. */
function batches(orders: Order[], sizes: number[]): Order[][] {
	const cut: Order[][] = [];
	for (let i = 0; orders.length > 0; i++) cut.push(orders.splice(0, sizes[i % sizes.length]));
	return cut;
}

it("sells exactly 100 of 100 units to 1,000 orders from 40 callers, alone and in batches", async () => {
	const [id] = await seedProducts(shop.database, "rush", 1, 100);
	const orders = Array.from({ length: 1000 }, () => ({
		order_id: newId(),
		lines: [{ product_id: id!, quantity: 1 }]
	}));
	const states: ReservationState[] = [];
	const sold: Order[] = [];
	await parallel(batches(orders, [1, 1, 5, 1, 64, 17]), 40, async batch => {
		const outcomes = await reserve(batch);
		states.push(...outcomes);
		sold.push(...batch.filter((_, index) => outcomes[index] === "locked"));
	});
	expect(states.filter(state => state === "locked")).toHaveLength(100);
	expect(states.filter(state => state === "out_of_stock")).toHaveLength(900);
	await parallel(batches(sold, [1, 30]), 8, batch => step("commit", batch));
	const [left] = await shop.database.rows("select * from product.stock where product_id = $1", [
		id
	]);
	expect(left).toMatchObject({ on_hand: "0", reserved: "0" });
}, 60_000);

it("reserves 600 orders of 4 lines over 10 products from 30 callers without an error", async () => {
	const ids = await seedProducts(shop.database, "basket", 10, 100_000);
	const basket = (n: number) => ({
		order_id: newId(),
		lines: [0, 3, 7, 1].map(k => ({
			product_id: ids[(n * 7 + k * (n % 3 || 9)) % 10]!,
			quantity: 2
		}))
	});
	const orders = Array.from({ length: 600 }, (_, n) => basket(n));
	let calls = 0;
	await parallel(batches([...orders], [1, 3, 20, 2]), 30, async batch => {
		const reversed = [...batch].reverse();
		const [first, again] = await Promise.all([reserve(batch), reserve(reversed)]);
		expect([...first, ...again].every(state => state === "locked")).toBe(true);
		// The same orders in reverse order at the same time: unsorted locks would deadlock.
		await Promise.all([step("commit", batch), step("commit", reversed), step("release", reversed)]);
		await Promise.all([step("restock", reversed), step("restock", batch)]);
		calls += 7;
	});
	expect(calls).toBeGreaterThan(500);
	const left = await shop.database.rows<{ open: number }>(
		`select count(*)::int as open from product.reservation_head
		where order_id = any ($1) and state not in ('returned', 'released')`,
		[orders.map(({ order_id }) => order_id)]
	);
	expect(left[0]!.open).toBe(0);
}, 60_000);

it("gives every order one outcome when its reserve and its release race", async () => {
	const [id] = await seedProducts(shop.database, "race", 1, 100_000);
	const orders = Array.from({ length: 300 }, () => ({
		order_id: newId(),
		lines: [{ product_id: id!, quantity: 1 }]
	}));
	await parallel(orders, 15, async order => {
		await Promise.all([step("release", [order]), reserve([order])]);
		expect(await step("release", [order])).toEqual(["released"]);
	});
	const [left] = await shop.database.rows("select * from product.stock where product_id = $1", [
		id
	]);
	expect(left).toMatchObject({ reserved: "0" });
}, 60_000);

it("keeps counters and ledger equal after any sequence of steps", async () => {
	let run = 0;
	const someOrders = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 });
	const command = fc.oneof(
		fc.record({ name: fc.constant("reserve" as const), orders: someOrders, lock: fc.boolean() }),
		fc.record({
			name: fc.constantFrom<Step>("lock", "commit", "release", "restock"),
			orders: someOrders
		})
	);
	const basket = fc.array(
		fc.record({ product: fc.nat({ max: 2 }), quantity: fc.integer({ min: 1, max: 4 }) }),
		{ minLength: 1, maxLength: 3 }
	);
	const law = fc.asyncProperty(
		fc.array(basket, { minLength: 6, maxLength: 6 }),
		fc.array(fc.array(command, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
		async (baskets, rounds) => {
			const ids = await seedProducts(shop.database, `law-${++run}`, 3, 6);
			const orders = baskets.map(lines => ({
				order_id: newId(),
				lines: lines.map(line => ({ product_id: ids[line.product]!, quantity: line.quantity }))
			}));
			// Commands of one round run concurrently.
			for (const round of rounds)
				await Promise.all(
					round.map(({ name, orders: which, ...rest }) => {
						const some = which.map(n => orders[n]!);
						return name === "reserve"
							? reserve(some, "lock" in rest && rest.lock)
							: step(name, some);
					})
				);
			expect(await brokenStock(shop.database)).toEqual([]);
		}
	);
	// Runs are not deterministic, so a smaller case proves nothing: no shrinking.
	await fc.assert(law, { numRuns: 120, endOnFailure: true });
}, 60_000);

it("allows no update of the ledger and no direct change of reserved units", async () => {
	const client = new pg.Client({ connectionString: serviceUrl(shop.database.url, "product") });
	await client.connect();
	for (const sql of [
		"update product.stock_ledger set d_on_hand = 0",
		"delete from product.stock_ledger",
		"truncate product.stock_ledger",
		"delete from product.stock",
		"delete from product.reservation_head",
		"update product.reservation set quantity = 1"
	])
		await expectSqlState(client.query(sql), "42501");
	for (const sql of [
		"update product.stock set reserved = on_hand + 1",
		"update product.stock set reserved = -1"
	])
		await expectSqlState(client.query(sql), "23514");
	await client.end();
});
