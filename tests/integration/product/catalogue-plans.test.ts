import { product, sortKeys } from "../../../contracts/product.ts";
import { call, type Params } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { filledRows, fillTables } from "../../support/statements/filled-tables.ts";
import { largeReads, unnamedStatements } from "../../support/statements/reads.ts";

const { actions } = product;
type List = Params<typeof actions.list>;

/** Many times what a page has, and a small part of the table. */
const mostRows = filledRows / 10;

/** A search by relevance ranks all that it finds. */
const sorts = sortKeys.filter(key => key !== "relevance");

const filters: List[] = [
	{},
	{ in_stock: true },
	{ in_stock: false },
	{ category: "filled-big" },
	{ category: "filled-rare" },
	{ category: "no-such" },
	{ category: "filled-big", in_stock: true },
	{ category: "filled-big", in_stock: false },
	{ category: "filled-rare", in_stock: false },
	{ min_price: 19_990 },
	{ max_price: 10, in_stock: false }
];

describe.each([
	["with nothing sold out", 5],
	["with everything sold out", 0]
])("a large catalogue %s", (_, onHand) => {
	const shop = useShop(
		[productService],
		{},
		{
			prepare: async database => {
				await fillTables(database, onHand);
				// The one sold-out product of the demo gets units, and the others lose theirs.
				await database.rows(
					"update product.stock set on_hand = $1 where product_id like 'prod-%'",
					[onHand]
				);
				await database.rows("vacuum analyze product.stock");
				await database.rows("vacuum analyze product.availability");
			},
			startWithinMs: 120_000
		}
	);

	const pages = (filter: List) =>
		unnamedStatements(async () => {
			for (const sort of sorts) {
				const list = { ...filter, sort, currency: "USD" };
				const { next_cursor } = await call(shop.broker, actions.list, list);
				if (next_cursor !== null)
					await call(shop.broker, actions.list, { ...list, cursor: next_cursor });
			}
			await call(shop.broker, actions.list, filter.min_price || filter.max_price ? {} : filter);
		});

	it.each(filters)("is listed without reading it as a whole: %j", async filter => {
		const statements = (await pages(filter)).filter(text => text.includes('"product"."products"'));
		expect(statements.length).toBeGreaterThan(sorts.length);
		expect(await largeReads(shop.database.url, statements, mostRows)).toEqual([]);
	});

	it("is counted by category without a statement that reads it", async () => {
		const statements = await unnamedStatements(() => call(shop.broker, actions.categories, {}));
		expect(statements.filter(text => text.includes("products"))).toEqual([]);
		const { data } = await call(shop.broker, actions.categories, {});
		expect(data).toEqual(
			await shop.database.rows(
				`select category, count(*)::int as products from product.products where not archived
					group by 1 order by 1`
			)
		);
	});
});
