import fc from "fast-check";
import pg from "pg";
import { product, type ReservationState } from "../../../contracts/product.ts";
import type { Database } from "../../../db/database.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import { ReservationRepository } from "../../../services/product/stock/reservation.repository.ts";
import { connect } from "../../support/servers/database.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { beyondShare } from "../../support/shop/unpaid-share.ts";
import { until } from "../../support/until.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** Units of one product that a customer may have in unpaid orders. */

const { actions } = product;
const shop = useShop([productService], {}, { nodes: 2, checkStock: "each" });

let repository: Database;
beforeAll(() => void (repository = connect(shop.database, "product")));
afterAll(() => repository.close());

/** A shop with this percentage. */
const withPercent = (maxUnpaidPercent: number) =>
	new ReservationRepository(repository, { lowStock: 0, maxUnpaidPercent });

type Lines = Record<string, number>;
const order = (user_id: string | undefined, lines: Lines) => ({
	order_id: newId(),
	user_id,
	lines: Object.entries(lines).map(([product_id, quantity]) => ({ product_id, quantity }))
});
type Order = ReturnType<typeof order>;

let made = 0;
const stocked = async (units: number) =>
	(await seedProducts(shop.database, `share-${++made}`, 1, units))[0]!;

async function reserve(orders: Order[], node = 0, lock = true) {
	const { outcomes } = await call(shop.nodes[node]!, actions.reserve, { orders, lock });
	return outcomes;
}
const statesOf = (outcomes: { state: ReservationState }[]) => outcomes.map(({ state }) => state);

type Step = "lock" | "commit" | "release" | "restock";
const step = async (name: Step, ...orders: Order[]) =>
	statesOf(
		(await call(shop.broker, actions[name], { order_ids: orders.map(o => o.order_id) })).outcomes
	);

describe("a customer's share", () => {
	const beyond = (limit: number) => ({ limit });
	it.each<[onHand: number, percent: number, held: number[], asked: number, expected: unknown]>([
		[10, 50, [], 5, "locked"],
		[10, 50, [], 6, beyond(5)],
		[10, 50, [], 10, beyond(5)],
		[10, 50, [5], 1, beyond(5)],
		[10, 50, [1, 1, 1, 1], 1, "locked"],
		[10, 50, [1, 1, 1, 1], 2, beyond(5)],
		[10, 50, [1, 1, 1, 1, 1], 1, beyond(5)],
		// Parts of a unit are rounded down, and one unit is always allowed.
		[11, 50, [5], 1, beyond(5)],
		[3, 50, [], 2, beyond(1)],
		[2, 50, [], 1, "locked"],
		[2, 50, [1], 1, beyond(1)],
		[1, 50, [], 1, "locked"],
		[1, 1, [], 1, "locked"],
		[100, 1, [], 1, "locked"],
		[100, 1, [], 2, beyond(1)],
		[199, 1, [], 2, beyond(1)],
		[200, 1, [1], 1, "locked"],
		[100, 99, [], 99, "locked"],
		[100, 99, [], 100, beyond(99)],
		[1_000_000_000, 50, [999], 999, "locked"],
		// Off.
		[10, 0, [4, 5], 1, "locked"],
		[10, 100, [4, 5], 1, "locked"],
		[10, 100, [4, 5], 2, "out_of_stock"],
		// What is not there cannot be had by ordering less often.
		[10, 50, [5], 6, "out_of_stock"],
		[10, 50, [], 11, "out_of_stock"],
		[0, 50, [], 1, "out_of_stock"]
	])(
		"of %i units at %i %% with %j held and %i asked: %j",
		async (units, percent, held, asked, expected) => {
			const id = await stocked(units);
			const shopOf = withPercent(percent);
			for (const quantity of held)
				await expect(
					shopOf.reserve({ orders: [order("ann", { [id]: quantity })], lock: true })
				).resolves.toMatchObject([{ state: "locked" }]);
			const [outcome] = await shopOf.reserve({
				orders: [order("ann", { [id]: asked })],
				lock: true
			});
			if (typeof expected === "string") {
				expect(outcome).toEqual({ order_id: expect.any(String), state: expected });
				return;
			}
			const sum = held.reduce((total, quantity) => total + quantity, 0);
			expect(outcome).toMatchObject({
				state: "reservation_limit",
				limited_items: [{ ...(expected as object), product_id: id, quantity: asked, held: sum }]
			});
		}
	);

	it("is of each customer and each product", async () => {
		const [a, b] = [await stocked(10), await stocked(10)];
		const outcomes = await reserve([
			order("ann", { [a]: 5 }),
			order("ben", { [a]: 4 }),
			order("ann", { [b]: 5 }),
			order("ben", { [a]: 1 }),
			order("cat", { [b]: 5 })
		]);
		expect(statesOf(outcomes)).toEqual(["locked", "locked", "locked", "locked", "locked"]);
	});

	it("refuses an order as a whole and names the lines that are too much", async () => {
		const [a, b, c] = [await stocked(10), await stocked(4), await stocked(10)];
		await reserve([order("ann", { [b]: 1 })]);
		const [outcome] = await reserve([order("ann", { [a]: 6, [b]: 2, [c]: 5 })]);
		expect(outcome).toMatchObject({
			state: "reservation_limit",
			limited_items: [
				{ product_id: a, quantity: 6, limit: 5, held: 0 },
				{ product_id: b, quantity: 2, limit: 2, held: 1 }
			]
		});
		// Nothing of it is held.
		expect(statesOf(await reserve([order("ann", { [a]: 5, [c]: 5 })]))).toEqual(["locked"]);
	});

	it("merges lines of one product", async () => {
		const id = await stocked(10);
		const line = { product_id: id, quantity: 3 };
		const [outcome] = await reserve([{ ...order("ann", {}), lines: [line, line] }]);
		expect(outcome).toMatchObject({ limited_items: [{ quantity: 6, limit: 5, held: 0 }] });
	});

	it("is kept in one batch, whose later orders get what earlier ones leave", async () => {
		const id = await stocked(10);
		const asked = [3, 3, 2, 1].map(quantity => order("ann", { [id]: quantity }));
		const outcomes = await reserve(asked);
		expect(statesOf(outcomes)).toEqual([
			"locked",
			"reservation_limit",
			"locked",
			"reservation_limit"
		]);
		expect(outcomes[3]!.limited_items).toMatchObject([{ quantity: 1, limit: 5, held: 5 }]);
	});

	it("is free again when orders are paid, released or expired", async () => {
		const id = await stocked(20);
		const full = async () => {
			const orders = [order("ann", { [id]: 4 }), order("ann", { [id]: 6 })];
			const states = statesOf(await reserve(orders));
			return { states, orders };
		};
		const first = await full();
		expect(first.states).toEqual(["locked", "locked"]);
		expect((await full()).states).toEqual(["reservation_limit", "reservation_limit"]);
		await step("release", ...first.orders);
		const second = await full();
		expect(second.states).toEqual(["locked", "locked"]);
		await step("commit", ...second.orders);
		// 10 are left, of which they may have 5.
		expect((await full()).states).toEqual(["locked", "reservation_limit"]);
	});

	it("counts holds until they expire", async () => {
		const id = await stocked(4);
		const { outcomes } = await call(shop.broker, actions.reserve, {
			orders: [order("ann", { [id]: 2 })],
			lock: false,
			ttl_ms: 1000
		});
		expect(statesOf(outcomes)).toEqual(["held"]);
		expect(statesOf(await reserve([order("ann", { [id]: 1 })]))).toEqual(["reservation_limit"]);
		await until(async () => {
			const [state] = statesOf(await reserve([order("ann", { [id]: 1 })]));
			return state === "locked" ? true : undefined;
		}, 15_000);
	}, 20_000);

	it("lets a customer buy everything by paying for one order after the other", async () => {
		const id = await stocked(7);
		let left = 7;
		while (left > 0) {
			const next = order("ann", { [id]: Math.max(1, Math.floor(left / 2)) });
			expect(statesOf(await reserve([next]))).toEqual(["locked"]);
			await step("commit", next);
			left -= next.lines[0]!.quantity;
		}
	});

	it("is of the units on hand, whatever others have reserved", async () => {
		const id = await stocked(10);
		await reserve(["ben", "cat"].map(user => order(user, { [id]: 3 })));
		expect(statesOf(await reserve([order("ann", { [id]: 4 })]))).toEqual(["locked"]);
		const adjust = { product_id: id, delta: 10, reason: "delivery", idempotency_key: newId() };
		await call(shop.broker, actions["stock.adjust"], adjust, as(admin));
		expect(statesOf(await reserve([order("ann", { [id]: 6 })]))).toEqual(["locked"]);
	});

	it("does not bind an order without a customer, as a node from before reserves it", async () => {
		const id = await stocked(10);
		expect(statesOf(await reserve([order(undefined, { [id]: 8 })]))).toEqual(["locked"]);
		expect(statesOf(await reserve([order("ann", { [id]: 2 })]))).toEqual(["locked"]);
	});
});

it("a repeated reservation gets its first answer, though what is held has changed", async () => {
	const id = await stocked(10);
	const [held, refused] = [order("ann", { [id]: 5 }), order("ann", { [id]: 1 })];
	await reserve([held]);
	const [first] = await reserve([refused]);
	expect(first).toMatchObject({
		state: "reservation_limit",
		limited_items: [{ quantity: 1, limit: 5, held: 5 }]
	});
	expect(await reserve([held, refused], 1)).toEqual([
		{ order_id: held.order_id, state: "locked" },
		first
	]);
	await step("release", held);
	expect(await reserve([refused, refused])).toEqual([first, first]);
	for (const name of ["lock", "commit", "release", "restock"] as const)
		expect(await step(name, refused)).toEqual(["reservation_limit"]);
	// In capital letters, and without the customer.
	const again = { ...refused, order_id: refused.order_id.toUpperCase(), user_id: undefined };
	expect(await reserve([again])).toMatchObject([{ state: "reservation_limit" }]);
});

describe("many reservations at once, on two nodes", () => {
	it("of one customer get the share and no more, and another customer gets the rest", async () => {
		for (let round = 0; round < 10; round++) {
			const id = await stocked(12);
			const asked = Array.from({ length: 20 }, () => order("ann", { [id]: 1 }));
			const outcomes = await Promise.all(
				asked.map(async (one, n) => (await reserve([one], n % 2))[0]!)
			);
			expect(outcomes.filter(({ state }) => state === "locked")).toHaveLength(6);
			expect(outcomes.filter(({ state }) => state === "reservation_limit")).toHaveLength(14);
			expect(statesOf(await reserve([order("ben", { [id]: 6 })], 1))).toEqual(["locked"]);
			expect(await beyondShare(shop.database, [id], 50)).toEqual([]);
		}
	}, 60_000);

	it("are counted after those that they waited for are committed", async () => {
		const id = await stocked(10);
		const other = new pg.Client({ connectionString: shop.database.url });
		await other.connect();
		try {
			await other.query("begin");
			await other.query("select from product.stock where product_id = $1 for update", [id]);
			const asked = reserve([order("ann", { [id]: 1 })], 1);
			const waits =
				"select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%unpaid_units%'";
			await until(async () => (await shop.database.rows(waits)).length > 0);
			// Another node reserves 5 units while this one waits.
			await other.query(
				`with head as (
					insert into product.reservation_head (order_id, user_id, state) values ($1, 'ann', 'locked')
				), line as (
					insert into product.reservation (order_id, product_id, quantity) values ($1, $2, 5)
				), entry as (
					insert into product.stock_ledger (product_id, order_id, reason, d_on_hand, d_reserved)
					values ($2, $1, 'reserved', 0, 5)
				)
				update product.stock set reserved = reserved + 5 where product_id = $2`,
				[newId(), id]
			);
			await other.query("commit");
			expect(await asked).toMatchObject([
				{ state: "reservation_limit", limited_items: [{ quantity: 1, limit: 5, held: 5 }] }
			]);
		} finally {
			await other.end();
		}
	});

	it("never exceed the share in any sequence of steps", async () => {
		const users = ["ann", "ben", undefined];
		const basket = fc.record({
			user: fc.nat({ max: 2 }),
			lines: fc.array(
				fc.record({ product: fc.nat({ max: 2 }), quantity: fc.integer({ min: 1, max: 4 }) }),
				{ minLength: 1, maxLength: 3 }
			)
		});
		const some = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 4 });
		const command = fc.record({
			name: fc.constantFrom("reserve" as const, "reserve" as const, "commit", "release", "restock"),
			orders: some,
			node: fc.nat({ max: 1 }),
			lock: fc.boolean()
		});
		const law = fc.asyncProperty(
			fc.array(basket, { minLength: 8, maxLength: 8 }),
			fc.array(fc.array(command, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
			async (baskets, rounds) => {
				const ids = await seedProducts(shop.database, `share-law-${++made}`, 3, 8);
				const orders = baskets.map(({ user, lines }) => ({
					order_id: newId(),
					user_id: users[user],
					lines: lines.map(({ product: n, quantity }) => ({ product_id: ids[n]!, quantity }))
				}));
				for (const round of rounds)
					await Promise.all(
						round.map(({ name, orders: which, node, lock }) => {
							const chosen = which.map(n => orders[n]!);
							return name === "reserve"
								? reserve(chosen, node, lock)
								: step(name as Step, ...chosen);
						})
					);
				expect(await beyondShare(shop.database, ids, 50)).toEqual([]);
			}
		);
		// Runs are not deterministic, so a smaller case proves nothing: no shrinking.
		await fc.assert(law, { numRuns: 60, endOnFailure: true });
	}, 60_000);
});
