import { product, type ReservationState } from "../../../contracts/product.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { until } from "../../support/until.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { useShop } from "../../support/shop/use-shop.ts";

const { actions } = product;
type Order = Parameters<typeof reserve>[0][number];

const shop = useShop([productService], {}, { checkStock: "each" });

function order(product_id: string, quantity: number, order_id = newId()) {
	return { order_id, lines: [{ product_id, quantity }] };
}

async function reserve(
	orders: { order_id: string; lines: { product_id: string; quantity: number }[] }[],
	options: { lock: boolean; ttl_ms?: number } = { lock: true }
): Promise<ReservationState[]> {
	const { outcomes } = await call(shop.broker, actions.reserve, { orders, ...options });
	expect(outcomes.map(({ order_id }) => order_id)).toEqual(orders.map(o => o.order_id));
	return outcomes.map(({ state }) => state);
}

async function step(
	name: "lock" | "commit" | "release" | "restock",
	...orders: Order[]
): Promise<ReservationState[]> {
	const order_ids = orders.map(({ order_id }) => order_id);
	const { outcomes } = await call(shop.broker, actions[name], { order_ids });
	return outcomes.map(({ state }) => state);
}

async function counters(productId: string): Promise<[onHand: number, reserved: number]> {
	const [row] = await shop.database.rows<{ on_hand: string; reserved: string }>(
		"select on_hand, reserved from product.stock where product_id = $1",
		[productId]
	);
	return [Number(row!.on_hand), Number(row!.reserved)];
}

let made = 0;
/** A new product with so many units. */
async function stocked(units: number): Promise<string> {
	return (await seedProducts(shop.database, `solo-${++made}`, 1, units))[0]!;
}

describe("a reservation", () => {
	it("goes from reserved to committed to returned, each step repeatable", async () => {
		const id = await stocked(10);
		const a = order(id, 4);
		for (let i = 0; i < 2; i++) expect(await reserve([a])).toEqual(["locked"]);
		expect(await counters(id)).toEqual([10, 4]);
		for (let i = 0; i < 2; i++) expect(await step("commit", a)).toEqual(["committed"]);
		expect(await counters(id)).toEqual([6, 0]);
		expect(await reserve([a])).toEqual(["committed"]);
		expect(await step("release", a)).toEqual(["committed"]);
		for (let i = 0; i < 2; i++) expect(await step("restock", a)).toEqual(["returned"]);
		expect(await counters(id)).toEqual([10, 0]);
		expect(await step("commit", a)).toEqual(["returned"]);
	});

	it("returns locked and held units to sale on release", async () => {
		const id = await stocked(10);
		const [a, b] = [order(id, 4), order(id, 3)];
		await reserve([a]);
		expect(await reserve([b], { lock: false })).toEqual(["held"]);
		for (let i = 0; i < 2; i++)
			expect(await step("release", a, b)).toEqual(["released", "released"]);
		expect(await counters(id)).toEqual([10, 0]);
		expect(await step("commit", a)).toEqual(["released"]);
		expect(await step("restock", a)).toEqual(["released"]);
	});

	it("is prevented by an earlier release", async () => {
		const id = await stocked(5);
		const a = order(id, 1);
		expect(await step("release", a)).toEqual(["released"]);
		expect(await reserve([a])).toEqual(["released"]);
		expect(await counters(id)).toEqual([5, 0]);
	});

	it("reserves nothing when it is repeated after its release", async () => {
		const id = await stocked(5);
		const a = order(id, 1);
		await reserve([a]);
		await step("release", a);
		expect(await reserve([a, order(id, 2)])).toEqual(["released", "locked"]);
		expect(await counters(id)).toEqual([5, 2]);
	});

	it("stays out of stock, even if units are added later", async () => {
		const id = await stocked(1);
		const a = order(id, 2);
		expect(await reserve([a])).toEqual(["out_of_stock"]);
		await adjust(id, 5);
		expect(await reserve([a])).toEqual(["out_of_stock"]);
		expect(await step("release", a)).toEqual(["out_of_stock"]);
		expect(await counters(id)).toEqual([6, 0]);
	});

	it("reserves all lines or none, and merges lines of one product", async () => {
		const [id, other] = [await stocked(5), await stocked(1)];
		const a = order(id, 2);
		const lines = [...a.lines, { product_id: other, quantity: 2 }];
		expect(await reserve([{ order_id: a.order_id, lines }])).toEqual(["out_of_stock"]);
		const twice = { order_id: newId(), lines: [...a.lines, ...a.lines] };
		expect(await reserve([twice])).toEqual(["locked"]);
		expect(await counters(id)).toEqual([5, 4]);
		expect(await counters(other)).toEqual([1, 0]);
	});

	it("is out of stock for a product that does not exist", async () => {
		expect(await reserve([order("no-such-product", 1)])).toEqual(["out_of_stock"]);
	});

	it("returns absent for an unknown order", async () => {
		const a = order("prod-001", 1);
		for (const name of ["lock", "commit", "restock"] as const)
			expect(await step(name, a)).toEqual(["absent"]);
	});
});

describe("taking back", () => {
	const restockReturn = (
		{ order_id }: Order,
		lines: { product_id: string; quantity: number }[],
		id = newId()
	) =>
		call(shop.broker, actions.restockReturn, { return_id: id, order_id, lines }).then(
			({ state }) => state
		);

	async function sold(units: number, quantity: number): Promise<[string, Order]> {
		const id = await stocked(units);
		const a = order(id, quantity);
		await reserve([a]);
		await step("commit", a);
		return [id, a];
	}

	it("restocks some units of a sold order, once for each return", async () => {
		const [id, a] = await sold(10, 4);
		const back = newId();
		const lines = [{ product_id: id, quantity: 3 }];
		const twenty = Array.from({ length: 20 }, () => restockReturn(a, lines, back));
		expect(new Set(await Promise.all(twenty))).toEqual(new Set(["restocked"]));
		expect(await counters(id)).toEqual([9, 0]);
		expect(await restockReturn(a, [{ product_id: id, quantity: 1 }])).toBe("restocked");
		expect(await counters(id)).toEqual([10, 0]);
	});

	it("never restocks more than was bought, even by concurrent returns", async () => {
		const [id, a] = await sold(100, 10);
		const lines = [{ product_id: id, quantity: 3 }];
		const states = await Promise.all(Array.from({ length: 20 }, () => restockReturn(a, lines)));
		expect(states.filter(state => state === "restocked")).toHaveLength(3);
		expect(await counters(id)).toEqual([99, 0]);
		expect(await restockReturn(a, [{ product_id: id, quantity: 2 }])).toBe("refused");
	});

	it("restocks all lines of a return or none", async () => {
		const [id, a] = await sold(10, 4);
		const one = { product_id: id, quantity: 1 };
		for (const other of [await stocked(5), "no-such-product"])
			expect(await restockReturn(a, [one, { product_id: other, quantity: 1 }])).toBe("refused");
		expect(await counters(id)).toEqual([6, 0]);
	});

	it("is refused if nothing was sold, and prevents a later restock of the whole order", async () => {
		const id = await stocked(10);
		const a = order(id, 4);
		const one = [{ product_id: id, quantity: 1 }];
		expect(await restockReturn(a, one)).toBe("refused");
		await reserve([a]);
		expect(await restockReturn(a, one)).toBe("refused");
		await step("commit", a);
		expect(await restockReturn(a, one)).toBe("restocked");
		expect(await step("restock", a)).toEqual(["committed"]);
		expect(await counters(id)).toEqual([7, 0]);
		const b = order(id, 1);
		await reserve([b]);
		await step("commit", b);
		await step("restock", b);
		expect(await restockReturn(b, one)).toBe("refused");
	});

	it("takes locks in the same order as other steps", async () => {
		const [id, other] = [await stocked(1000), await stocked(1000)];
		const both = () => ({
			order_id: newId(),
			lines: [...order(id, 2).lines, ...order(other, 2).lines]
		});
		const orders = Array.from({ length: 20 }, both);
		await reserve(orders);
		await step("commit", ...orders);
		const backwards = [other, id].map(product_id => ({ product_id, quantity: 1 }));
		const work = orders.flatMap(a => [restockReturn(a, backwards), restockReturn(a, backwards)]);
		await Promise.all([
			...work,
			reserve(Array.from({ length: 20 }, both)),
			step("commit", ...orders)
		]);
		expect(await counters(id)).toEqual([1000, 40]);
	});
});

describe("a batch", () => {
	it("returns the same for an order that is in it twice, and reserves it once", async () => {
		const id = await stocked(5);
		const a = order(id, 2);
		const upper = { ...a, order_id: a.order_id.toUpperCase() };
		expect(await reserve([a, order(id, 1), a, upper])).toEqual(Array(4).fill("locked"));
		expect(await counters(id)).toEqual([5, 3]);
		expect(await step("commit", a, a)).toEqual(["committed", "committed"]);
		expect(await counters(id)).toEqual([3, 1]);
	});

	it("sells the last unit to an order behind one that does not fit", async () => {
		const id = await stocked(1);
		expect(await reserve([order(id, 2), order(id, 1)])).toEqual(["out_of_stock", "locked"]);
	});

	it("sells units that a rejected order did not take on its other line", async () => {
		const [id, none] = [await stocked(3), await stocked(0)];
		const blocked = { order_id: newId(), lines: [...order(id, 3).lines, ...order(none, 1).lines] };
		expect(await reserve([blocked, order(id, 2), order(id, 2)])).toEqual([
			"out_of_stock",
			"locked",
			"out_of_stock"
		]);
	});

	it("mixes new, known and released orders", async () => {
		const id = await stocked(4);
		const [a, b, c, d] = [order(id, 2), order(id, 1), order(id, 1), order(id, 3)];
		await reserve([a]);
		await step("release", b);
		expect(await reserve([d, c, b, a])).toEqual(["out_of_stock", "locked", "released", "locked"]);
		expect(await step("commit", a, b, c, d)).toEqual([
			"committed",
			"released",
			"committed",
			"out_of_stock"
		]);
		expect(await step("release", order(id, 1), a)).toEqual(["released", "committed"]);
	});
});

describe("a hold", () => {
	it("becomes a lock, which does not expire", async () => {
		const a = order(await stocked(5), 2);
		await reserve([a], { lock: false, ttl_ms: 60_000 });
		for (let i = 0; i < 2; i++) expect(await step("lock", a)).toEqual(["locked"]);
		expect(await reserve([a])).toEqual(["locked"]);
	});

	it("expires: it cannot be locked, and its units come back", async () => {
		const id = await stocked(5);
		const a = order(id, 2);
		await reserve([a], { lock: false, ttl_ms: 1000 });
		await shop.database.rows(
			"update product.reservation_head set expires_at = now() - interval '1 s' where order_id = $1",
			[a.order_id]
		);
		expect(await step("lock", a)).toEqual(["expired"]);
		await until(async () => (await counters(id))[1] === 0);
		expect(await step("lock", a)).toEqual(["expired"]);
		expect(await reserve([a])).toEqual(["expired"]);
		expect(await step("commit", a)).toEqual(["expired"]);
	});
});

const admin = { meta: { user: { id: "user-admin", role: "admin" } } } as const;

function adjust(product_id: string, delta: number, idempotency_key = newId(), reason = "delivery") {
	const params = { product_id, delta, reason, idempotency_key };
	return call(shop.broker, actions["stock.adjust"], params, admin);
}

describe("adjusting stock", () => {
	it("adds and removes units with a reason in the ledger", async () => {
		const id = await stocked(5);
		await adjust(id, 3);
		const stock = await adjust(id, -1, newId(), "broken in transit");
		expect(stock).toMatchObject({ product_id: id, on_hand: 7, reserved: 0, available: 7 });
		expect(stock.ledger.map(row => [row.reason, row.on_hand, row.note])).toEqual([
			["adjusted", -1, "broken in transit"],
			["adjusted", 3, "delivery"],
			["initial", 5, null]
		]);
		expect(stock.ledger[0]!.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
	});

	it("changes the stock once for one key, even in parallel", async () => {
		const id = await stocked(5);
		const answers = await Promise.all(Array.from({ length: 10 }, () => adjust(id, 3, "key-1")));
		for (const answer of answers) expect(answer).toEqual(answers[0]);
		expect(await counters(id)).toEqual([8, 0]);
	});

	it("refuses a key that was used for another change", async () => {
		const id = await stocked(5);
		await adjust(id, 3, "key-2");
		await expectFailure(adjust(id, 4, "key-2"), "IDEMPOTENCY_KEY_REUSED");
		await expectFailure(adjust(id, 3, "key-2", "theft"), "IDEMPOTENCY_KEY_REUSED");
	});

	it("refuses to go below the reserved units", async () => {
		const id = await stocked(5);
		await reserve([order(id, 3)]);
		await expectFailure(adjust(id, -3), "INSUFFICIENT_STOCK");
		expect((await adjust(id, -2)).available).toBe(0);
	});

	it("refuses more units than the maximum, and unknown products", async () => {
		const id = await stocked(5);
		await expectFailure(adjust(id, 1_000_000_000), "VALIDATION_FAILED", { pointer: "/delta" });
		await expectFailure(adjust("nope", 1), "NOT_FOUND");
	});
});
