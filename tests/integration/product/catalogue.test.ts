import { product, sortKeys, type Product } from "../../../contracts/product.ts";
import { newId } from "../../../lib/id.ts";
import { call, type Params } from "../../../lib/service.ts";
import { validate } from "../../../lib/validator.ts";
import productService from "../../../services/product/product.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { as, admin, alice, support } from "../../support/shop/callers.ts";
import { versionedUpdate } from "../../support/shop/versioned-update.conformance.ts";

const { actions } = product;
type List = Params<typeof actions.list>;

const shop = useShop([productService], {}, { checkStock: "all" });

const list = (params: List = {}) => call(shop.broker, actions.list, params);
const ids = (products: Product[]) => products.map(({ id }) => id);

const entry = (sku: string) => ({
	sku,
	name: "Wooden Spoon",
	category: "kitchen",
	price: { amount: 1299, currency: "EUR" },
	stock: 7
});
const create = (sku: string, more: object = {}) =>
	call(shop.broker, actions.create, { ...entry(sku), ...more }, as(admin));

/** All pages of a list. */
async function walk(params: List): Promise<Product[]> {
	const found: Product[] = [];
	let cursor: string | null = null;
	do {
		const page: { data: Product[]; next_cursor: string | null } = await list({
			...params,
			...(cursor !== null && { cursor })
		});
		found.push(...page.data);
		cursor = page.next_cursor;
	} while (cursor !== null);
	return found;
}

describe("the catalogue", () => {
	it("shows the demo products, prod-001 first, as the contract says", async () => {
		const page = await list();
		expect(validate(actions.list.returns, page)).toEqual([]);
		expect(page.data).toHaveLength(20);
		expect(page.data[0]).toEqual({
			id: "prod-001",
			sku: "COF-DRIP-01",
			name: "Ceramic Pour-Over Dripper",
			description: expect.stringContaining("filter coffee"),
			category: "coffee",
			price: { amount: 2999, currency: "USD" },
			available: 500,
			image_url: "/images/prod-001.svg",
			archived: false,
			version: 1,
			created_at: "2025-12-31T23:59:00.000Z",
			updated_at: "2025-12-31T23:59:00.000Z"
		});
	});

	it.each(sortKeys.filter(key => key !== "relevance"))(
		"gives every product once in pages sorted by %s",
		async sort => {
			const found = ids(await walk({ sort, currency: "USD", limit: 7 }));
			const order = {
				name: "name, id",
				"-name": "name desc, id desc",
				price: "price_minor, id",
				"-price": "price_minor desc, id desc",
				newest: "created_at desc, id desc"
			}[sort];
			const all = await shop.database.rows<{ id: string }>(
				`select id from product.products where not archived and currency = 'USD' order by ${order}`
			);
			expect(found).toEqual(all.map(({ id }) => id));
		}
	);

	it("sorts names as people do, the same in its pages, its index and its cursors", async () => {
		const names = [
			"Zebra",
			"apple",
			"Äpfel",
			"Apfel",
			"éclair",
			"Eclipse",
			"zoo",
			"Ångström",
			"商品",
			"1",
			"_"
		];
		for (const [n, name] of names.entries())
			await create(`SORT-${n}`, { name, category: "collation" });
		const sorted = [
			"_",
			"1",
			"Ångström",
			"Apfel",
			"Äpfel",
			"apple",
			"éclair",
			"Eclipse",
			"Zebra",
			"zoo",
			"商品"
		];
		const namesBy = async (sort: "name" | "-name", limit: number) =>
			(await walk({ category: "collation", sort, limit })).map(({ name }) => name);
		for (const limit of [1, 2, 100]) {
			expect(await namesBy("name", limit)).toEqual(sorted);
			expect(await namesBy("-name", limit)).toEqual(sorted.toReversed());
		}
	});

	it("pages past products of the same price", async () => {
		for (let i = 0; i < 5; i++) await create(`SAME-${i}`, { category: "same" });
		for (const sort of ["price", "-price", "name"] as const)
			expect(
				new Set(ids(await walk({ category: "same", currency: "EUR", sort, limit: 2 }))).size
			).toBe(5);
	});

	it("filters by category, price and stock together", async () => {
		const tea = await walk({ category: "tea" });
		expect(tea).toHaveLength(5);
		const inStock = await walk({ category: "tea", in_stock: true });
		expect(tea.filter(({ available }) => available > 0)).toEqual(inStock);
		expect(inStock).toHaveLength(4);
		expect(ids(await walk({ in_stock: false }))).toEqual(["prod-009"]);
		const range = { currency: "USD", min_price: 1490, max_price: 1650 };
		const priced = await walk({ ...range, category: "tea" });
		expect(priced.map(({ price }) => price.amount).sort()).toEqual([1490, 1650]);
		expect(await walk({ category: "no-such" })).toEqual([]);
	});

	it("searches words in name and description, in any form", async () => {
		expect(ids(await walk({ q: "grinding burr" }))).toEqual(["prod-002"]);
		expect(ids(await walk({ q: "green tea" })).sort()).toEqual(["prod-006", "prod-007"]);
		expect(ids(await walk({ q: '"green tea" -sencha' }))).toEqual([]);
		expect(ids(await walk({ q: "green tea", sort: "price", currency: "USD", limit: 1 }))).toEqual([
			"prod-007",
			"prod-006"
		]);
	});

	it("refuses a cursor that was tampered with, or belongs to another list", async () => {
		const currency = "USD";
		const cursorOf = async (params: List) =>
			(await list({ currency, ...params, limit: 1 })).next_cursor!;
		const forged = async (sort: List["sort"], ...parts: unknown[]): Promise<List> => {
			const [mark] = JSON.parse(Buffer.from(await cursorOf({ sort }), "base64url").toString());
			return {
				sort,
				currency,
				cursor: Buffer.from(JSON.stringify([mark, ...parts])).toString("base64url")
			};
		};
		const sort = "price";
		const cursor = await cursorOf({ sort });
		await expect(list({ sort, currency, cursor, limit: 2 })).resolves.toBeDefined();
		const bad: List[] = [
			{ sort: "name", currency, cursor },
			{ sort: "name", cursor },
			{ sort: "-price", currency, cursor },
			{ sort, currency: "EUR", cursor },
			{ cursor },
			{ sort, currency, cursor, category: "tea" },
			{ sort, currency, cursor, q: "cup" },
			{ sort, currency, cursor, min_price: 1 },
			{ sort, currency, cursor, max_price: 99_999 },
			{ sort, currency, cursor, in_stock: true },
			{ sort, currency, cursor: `${cursor}!` },
			{ sort, currency, cursor: cursor.slice(2) },
			await forged(sort, "1' or 1=1", "prod-001"),
			await forged(sort, 1, "' or 1=1"),
			await forged(sort, 1),
			await forged("newest", 8.64e15, "prod-001"),
			await forged("name", "\u0000", "prod-001")
		];
		for (const params of bad)
			await expectFailure(list(params), "VALIDATION_FAILED", { pointer: "/cursor" });
	});

	it.each([
		{ sort: "stock" },
		{ limit: 0 },
		{ limit: 101 },
		{ category: "%" },
		{ q: "" },
		{ x: 1 }
	])("refuses %j", async params => {
		await expectFailure(list(params as List), "VALIDATION_ERROR");
	});

	it("counts the products of each category", async () => {
		const { data } = await call(shop.broker, actions.categories, {});
		expect(data.length).toBeGreaterThanOrEqual(6);
		expect(data).toContainEqual({ category: "coffee", products: 5 });
	});

	it("counts the products of each category while they are created, moved, archived and sold again at once", async () => {
		const names = ["count-a", "count-b", "count-c"];
		const change = async (n: number) => {
			const { id } = await create(`COUNT-${n}`, { category: names[n % 3] });
			const change = (changes: object) =>
				call(shop.broker, actions.update, { id, ...changes }, as(admin));
			await change({ category: names[(n + 1) % 3] });
			await change({ archived: true });
			if (n % 2 === 0) await change({ archived: false, category: names[n % 3] });
			if (n % 4 === 0) await change({ name: "Renamed" });
		};
		await Promise.all(Array.from({ length: 24 }, (_, n) => change(n)));
		const { data } = await call(shop.broker, actions.categories, {});
		expect(data.filter(({ category }) => names.includes(category))).toEqual(
			names.map(category => ({ category, products: 4 }))
		);
		await shop.database.rows("delete from product.products where category = 'count-a'");
		const left = await call(shop.broker, actions.categories, {});
		expect(left.data.map(({ category }) => category)).not.toContain("count-a");
	});

	it("finds no other product", async () => {
		await expectFailure(call(shop.broker, actions.get, { id: "nope" }), "NOT_FOUND");
	});
});

describe("changing the catalogue", () => {
	it("creates a product with its stock and the first ledger row", async () => {
		const made = await create("SPOON-1", { description: "Beech" });
		const { stock: available, ...rest } = entry("SPOON-1");
		expect(made).toMatchObject({ ...rest, available, version: 1, image_url: null });
		expect(await call(shop.broker, actions.get, { id: made.id })).toEqual(made);
		const stock = await call(shop.broker, actions["stock.get"], { product_id: made.id }, as(admin));
		expect(stock).toMatchObject({ on_hand: 7, reserved: 0, available: 7 });
		expect(stock.ledger).toEqual([
			expect.objectContaining({ reason: "initial", on_hand: 7, reserved: 0, order_id: null })
		]);
		expect(validate(actions["stock.get"].returns, stock)).toEqual([]);
	});

	it.each(["/images/prod-002.svg", "https://cdn.example/a/b.webp?w=200"])(
		"shows the image %s of a product, in lists and searches too, until it is cleared",
		async image_url => {
			const sku = `IMAGE-${image_url.length}`;
			const made = await create(sku, { image_url });
			const { id } = made;
			expect(made).toMatchObject({ image_url });
			expect(await call(shop.broker, actions.get, { id })).toEqual(made);
			for (const found of [await list({ q: sku }), await list({ category: "kitchen", limit: 100 })])
				expect(found.data.find(one => one.id === id)).toEqual(made);
			const update = (more: object) =>
				call(shop.broker, actions.update, { id, ...more }, as(admin));
			expect(await update({ name: "Another" })).toMatchObject({ image_url, version: 2 });
			expect(await update({ image_url: null })).toMatchObject({ image_url: null, version: 3 });
			expect(await update({ image_url })).toMatchObject({ image_url, version: 4 });
		}
	);

	it("has no new version where nothing changes", async () => {
		const made = await create("UNCHANGED-1");
		const { id } = made;
		const update = (more: object) => call(shop.broker, actions.update, { id, ...more }, as(admin));
		const { name, description, category, price } = made;
		for (const more of [{}, { name }, { description, category }, { price }, { archived: false }])
			expect(await update(more)).toEqual(made);
		await expectFailure(update({ version: 2 }), "STALE_VERSION");
		await expectFailure(update({ name, version: 2 }), "STALE_VERSION");
		expect((await update({ name, category: "other" })).version).toBe(2);
		const archive = () => call(shop.broker, actions.archive, { id }, as(admin));
		const archived = await archive();
		expect(archived.version).toBe(3);
		expect(await archive()).toEqual(archived);
	});

	it("hands out only cursors that it takes, also for the longest names", async () => {
		const names = ["商".repeat(200), "𠮷".repeat(200), `${'"'.repeat(199)}x`, "é".repeat(200)];
		for (const [n, name] of names.entries()) await create(`LONG-${n}`, { name, category: "long" });
		for (const sort of ["name", "-name"] as const)
			expect(await walk({ category: "long", sort, limit: 1 })).toHaveLength(names.length);
	});

	it("changes only the given fields", async () => {
		const made = await create("SPOON-3");
		const params = { id: made.id, price: { amount: 999, currency: "USD" } };
		const changed = await call(shop.broker, actions.update, params, as(admin));
		expect(changed).toMatchObject({ price: params.price, name: made.name, available: 7 });
	});

	describe("a product", () => {
		let number = 0;
		versionedUpdate({
			make: () => create(`VERSIONED-${++number}`),
			get: id => call(shop.broker, actions.get, { id }),
			update: (id, version, n) =>
				call(shop.broker, actions.update, { id, version, name: `Spoon ${n}` }, as(admin))
		});
	});

	it("hides an archived product from lists and quotes, and still returns it by id", async () => {
		const { id } = await create("SPOON-5", { category: "archive" });
		const stale = call(shop.broker, actions.archive, { id, version: 9 }, as(admin));
		await expectFailure(stale, "STALE_VERSION");
		const archived = await call(shop.broker, actions.archive, { id, version: 1 }, as(admin));
		expect(archived).toMatchObject({ archived: true, version: 2 });
		expect(await walk({ category: "archive" })).toEqual([]);
		expect((await call(shop.broker, actions.get, { id })).archived).toBe(true);
		const { data } = await call(shop.broker, actions.categories, {});
		expect(data.map(({ category }) => category)).not.toContain("archive");
		expect(await call(shop.broker, actions.quote, { product_ids: [id] })).toEqual({ quotes: [] });
		expect(await call(shop.broker, actions.describe, { product_ids: [id, "nope"] })).toEqual({
			products: [{ product_id: id, name: "Wooden Spoon", category: "archive" }]
		});
	});

	it.each([alice, support])("is not allowed for a $role", async user => {
		const id = "prod-001";
		const change = { product_id: id, delta: 1, reason: "x", idempotency_key: newId() };
		const attempts = [
			call(shop.broker, actions.create, entry("NO-1"), as(user)),
			call(shop.broker, actions.update, { id, name: "x" }, as(user)),
			call(shop.broker, actions.archive, { id }, as(user)),
			call(shop.broker, actions["stock.get"], { product_id: id }, as(user)),
			call(shop.broker, actions["stock.adjust"], change, as(user))
		];
		await Promise.all(attempts.map(attempt => expectFailure(attempt, "FORBIDDEN")));
	});

	it.each([
		{ price: { amount: 0, currency: "USD" } },
		{ price: { amount: 1.5, currency: "USD" } },
		{ price: { amount: -1, currency: "USD" } },
		{ price: { amount: 100, currency: "usd" } },
		{ price: { amount: 100, currency: "XXX" } },
		{ stock: -1 },
		{ stock: 1e10 },
		{ name: "" },
		{ name: "a\u0000b" },
		{ sku: "" },
		{ sku: " " },
		{ sku: "a".repeat(65) },
		{ sku: "line\nbreak" },
		{ sku: "bidi\u202E" },
		{ version: 3 }
	])("refuses a product with %j", async more => {
		await expectFailure(create("BAD-1", more), "VALIDATION_ERROR");
	});
});

describe("a quote", () => {
	it("quotes existing products, once each", async () => {
		const product_ids = ["prod-002", "nope", "prod-001", "prod-001"];
		const { quotes } = await call(shop.broker, actions.quote, { product_ids });
		expect(quotes.sort((a, b) => a.product_id.localeCompare(b.product_id))).toEqual([
			{
				product_id: "prod-001",
				name: "Ceramic Pour-Over Dripper",
				unit_price: { amount: 2999, currency: "USD" }
			},
			{
				product_id: "prod-002",
				name: "Hand Coffee Grinder",
				unit_price: { amount: 7900, currency: "USD" }
			}
		]);
	});
});

describe("the service", () => {
	it("publishes its contract and no action of moleculer-db", async () => {
		expect(await call(shop.broker, actions.ready, {})).toEqual({ ok: true });
		const names = shop.broker.registry.getActionList({}).map(action => action.name);
		expect(names.sort()).toEqual(
			Object.values(actions)
				.map(({ name }) => name)
				.sort()
		);
	});
});
