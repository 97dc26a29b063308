import { randomUUID } from "node:crypto";
import type { Product, Stock } from "../../../contracts/product.ts";
import type { Shop } from "./rest.suite.ts";
import { guardedByTag } from "../../support/shop/versioned-update.conformance.ts";
import { expectProblem } from "../../support/expect-failure.ts";

interface Page {
	data: Product[];
	next_cursor: string | null;
}

export function catalogueTests(shop: Shop): void {
	const list = (query: string) => shop.as("anonymous").get<Page>(`/api/v1/products?${query}`);

	describe("the catalogue", () => {
		it("shows the demo products to anyone, at least 24 in 5 categories", async () => {
			const { body } = await list("limit=100");
			expect(body.data.filter(({ id }) => id.startsWith("prod-")).length).toBeGreaterThanOrEqual(
				24
			);
			const { body: categories } = await shop
				.as("anonymous")
				.get<{ data: { category: string; products: number }[] }>("/api/v1/categories");
			expect(categories.data.length).toBeGreaterThanOrEqual(5);
			expect((await shop.as("anonymous").get<Product>("/api/v1/products/prod-001")).body.id).toBe(
				"prod-001"
			);
		});

		it.each(["name", "-name", "price", "-price", "newest"])(
			"is read page by page in the order of %s, each product once",
			async sort => {
				const pages: Product[][] = [];
				let next: string | undefined = `/api/v1/products?limit=7&sort=${sort}&currency=USD`;
				while (next) {
					const { body, headers }: { body: Page; headers: Headers } = await shop
						.as("anonymous")
						.get<Page>(next);
					pages.push(body.data);
					next = /^<(.+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
				}
				const all = pages.flat();
				expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
				expect(pages.length).toBeGreaterThan(3);
				const prices = all.map(({ price }) => price.amount);
				if (sort === "price") expect(prices).toEqual(prices.toSorted((a, b) => a - b));
				if (sort === "-price") expect(prices).toEqual(prices.toSorted((a, b) => b - a));
			}
		);

		it("is filtered by category, words, price and stock", async () => {
			const { body: all } = await list("limit=100");
			const { category, name } = all.data[0]!;
			const inCategory = (await list(`category=${category}&limit=100`)).body.data;
			expect(new Set(inCategory.map(p => p.category))).toEqual(new Set([category]));
			const word = encodeURIComponent(name.split(" ")[0]!);
			expect((await list(`q=${word}&limit=100`)).body.data.map(p => p.name)).toContain(name);
			const cheap = (await list("currency=USD&min_price=1000&max_price=3000&limit=100")).body.data;
			expect(cheap.length).toBeGreaterThan(0);
			expect(cheap.every(p => p.price.amount >= 1000 && p.price.amount <= 3000)).toBe(true);
			const sold = await shop.product(0);
			expect(
				(await list("in_stock=true&category=tests&limit=100")).body.data.map(p => p.id)
			).not.toContain(sold.id);
		});

		it("finds nothing for an SQL injection", async () => {
			for (const q of [
				"'; drop table products; --",
				"%",
				"_",
				"(a+)+$",
				"\\",
				"🤷",
				"a".repeat(100)
			])
				expect([q, (await list(`q=${encodeURIComponent(q)}`)).status]).toEqual([q, 200]);
		});

		it("can be cached and revalidated", async () => {
			for (const path of ["/api/v1/products", "/api/v1/products/prod-001", "/api/v1/categories"]) {
				const { headers } = await shop.as("anonymous").get(path);
				const etag = headers.get("etag")!;
				expect(headers.get("cache-control")).toBe("no-cache");
				const held = await shop
					.as("anonymous")
					.get(path, { "if-none-match": `"other", W/${etag}` });
				expect([path, held.status, held.headers.get("etag")]).toEqual([path, 304, etag]);
				expect((await shop.as("anonymous").get(path, { "if-none-match": '"other"' })).status).toBe(
					200
				);
			}
		});

		it("answers HEAD as GET without a body", async () => {
			const get = await shop.as("anonymous").get("/api/v1/products/prod-001");
			const head = await shop.as("anonymous").send("HEAD", "/api/v1/products/prod-001");
			expect([head.status, head.text]).toEqual([200, ""]);
			for (const name of ["etag", "content-length", "content-type"])
				expect(head.headers.get(name)).toBe(get.headers.get(name));
		});
	});

	describe("a product", () => {
		it("is created, changed and archived by an admin; archiving is guarded by its entity tag", async () => {
			const made = await shop.product(5, { name: "<b>Lamp</b>", description: "Bright" });
			const path = `/api/v1/products/${made.id}`;
			expect(made).toMatchObject({
				name: "<b>Lamp</b>",
				available: 5,
				archived: false,
				version: 1
			});
			const { headers } = await shop.as("admin").get(path);
			const match = { "if-match": headers.get("etag")! };
			const price = { amount: 999, currency: "USD" };
			const changed = await shop.as("admin").patch<Product>(path, { price }, match);
			expect([changed.status, changed.body.price, changed.body.version]).toEqual([200, price, 2]);
			expectProblem(await shop.as("admin").delete(path, match), "STALE_VERSION");
			const gone = await shop.as("admin").delete<Product>(path, { "if-match": "*" });
			expect([gone.status, gone.body.archived]).toEqual([200, true]);
			expect((await list("category=tests&limit=100")).body.data.map(p => p.id)).not.toContain(
				made.id
			);
		});

		it("returns its Location when it is created", async () => {
			const sku = `L-${Date.now()}`;
			const body = {
				sku,
				name: "x",
				category: "tests",
				price: { amount: 1, currency: "EUR" },
				stock: 0
			};
			const made = await shop.as("admin").post<Product>("/api/v1/products", body);
			expect([made.status, made.headers.get("location")]).toEqual([
				201,
				`/api/v1/products/${made.body.id}`
			]);
			const again = await shop.as("admin").post("/api/v1/products", body);
			expectProblem(again, "DUPLICATE_SKU");
		});

		guardedByTag({
			client: () => shop.as("admin"),
			path: async () => `/api/v1/products/${(await shop.product(1)).id}`,
			change: n => ({ name: `Lamp ${n}` })
		});
	});

	describe("stock", () => {
		it("changes with a ledger row, once per key", async () => {
			const { id } = await shop.product(10);
			const path = `/api/v1/products/${id}/stock`;
			const key = randomUUID();
			const change = { delta: 5, reason: "delivery" };
			for (let i = 0; i < 3; i++)
				expect((await shop.as("admin").post<Stock>(path, change, { key })).body.on_hand).toBe(15);
			const other = await shop.as("admin").post(path, { ...change, delta: 6 }, { key });
			expectProblem(other, "IDEMPOTENCY_KEY_REUSED");
			const { body } = await shop.as("admin").get<Stock>(path);
			expect(body).toMatchObject({ on_hand: 15, reserved: 0, available: 15 });
			expect(body.ledger).toHaveLength(2);
		});

		it("invalidates cached responses of the product", async () => {
			const { id } = await shop.product(3);
			const before = await shop.as("anonymous").get(`/api/v1/products/${id}`);
			await shop.as("admin").post(`/api/v1/products/${id}/stock`, { delta: 1, reason: "found" });
			const etag = before.headers.get("etag")!;
			const after = await shop
				.as("anonymous")
				.get<Product>(`/api/v1/products/${id}`, { "if-none-match": etag });
			expect([after.status, after.body.available]).toEqual([200, 4]);
		});
	});
}
