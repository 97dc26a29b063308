import { readFileSync } from "node:fs";
import { join } from "node:path";
import { seed } from "../../../db/seed.ts";
import { products } from "../../../db/seed/products.ts";
import { generateImages } from "../../../scripts/images.ts";
import { brokenStock } from "../../support/shop/stock.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

const database = useDatabase();

const everything = async () => [
	await database.rows("select * from users.users order by id"),
	await database.rows("select * from product.products order by id"),
	await database.rows("select * from product.stock order by product_id"),
	await database.rows("select * from product.stock_ledger order by id")
];

it("changes nothing when it runs again, not even rows that were changed since", async () => {
	await database.rows("update users.users set name = 'Alicia' where id = 'user-123'");
	await database.rows("update product.products set price_minor = 1 where id = 'prod-001'");
	const before = await everything();
	await seed(database.url);
	expect(await everything()).toEqual(before);
	expect(await brokenStock(database)).toEqual([]);
});

it("has at least 24 products in 5 categories, one sold out and one nearly", () => {
	expect(products.length).toBeGreaterThanOrEqual(24);
	expect(new Set(products.map(({ category }) => category)).size).toBeGreaterThanOrEqual(5);
	expect(new Set(products.map(({ sku }) => sku)).size).toBe(products.length);
	expect(products[0]).toMatchObject({ id: "prod-001", stock: 500 });
	expect(products.filter(({ stock }) => stock === 0)).toHaveLength(1);
	expect(products.filter(({ stock }) => stock === 3)).toHaveLength(1);
});

it("has the generated image of every product", () => {
	const images = generateImages();
	expect(images.size).toBe(products.length);
	for (const [path, content] of images)
		expect(readFileSync(join(import.meta.dirname, "../../..", path), "utf8")).toBe(content);
});
