import { col, fn, literal, Op, where, type ModelStatic, type WhereOptions } from "sequelize";
import type { Product, product } from "../../contracts/product.ts";
import { text } from "../../contracts/values.ts";
import { fail } from "../../lib/errors.ts";
import { T, type TSchema } from "../../lib/schema.ts";
import type { Params, Result } from "../../lib/service.ts";
import { decodeSortCursor, encodeSortCursor, Milliseconds } from "../../lib/sort-cursor.ts";
import type { ProductRow } from "./product.model.ts";

type Actions = typeof product.actions;
type List = Params<Actions["list"]>;
type Sort = NonNullable<List["sort"]>;

interface SortOrder {
	column: "name" | "price_minor" | "created_at";
	direction: "asc" | "desc";
	value: TSchema;
	key(row: ProductRow): string | number;
}

const byName = { column: "name", value: text(200), key: (row: ProductRow) => row.name } as const;
const byPrice = {
	column: "price_minor",
	value: T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
	key: (row: ProductRow) => row.price_minor
} as const;

const sortOrders: Record<Sort, SortOrder> = {
	name: { ...byName, direction: "asc" },
	"-name": { ...byName, direction: "desc" },
	price: { ...byPrice, direction: "asc" },
	"-price": { ...byPrice, direction: "desc" },
	newest: {
		column: "created_at",
		direction: "desc",
		value: Milliseconds,
		key: row => row.created_at.getTime()
	}
};

function toProduct(row: ProductRow): Product {
	const { id, sku, name, description, category, image_url, archived, version, stock } = row;
	return {
		id,
		sku,
		name,
		description,
		category,
		price: { amount: row.price_minor, currency: row.currency },
		available: stock.on_hand - stock.reserved,
		image_url,
		archived,
		version,
		created_at: row.created_at.toISOString(),
		updated_at: row.updated_at.toISOString()
	};
}

/** The list of a cursor: used for another list, it would silently skip products. */
function listOf(filter: List, sort: Sort): string {
	const { category, q, min_price, max_price, in_stock } = filter;
	return JSON.stringify([sort, category, q, min_price, max_price, in_stock]);
}

/** Rows after the cursor. The first condition is redundant; it lets the index start there. */
function afterCursor(cursor: string, filter: List, sort: Sort): WhereOptions {
	const { column, direction, value: schema } = sortOrders[sort];
	const { value, id } = decodeSortCursor(cursor, listOf(filter, sort), schema);
	const [past, from] = direction === "asc" ? [Op.gt, Op.gte] : [Op.lt, Op.lte];
	const last = column === "created_at" ? new Date(value as number) : value;
	return {
		[column]: { [from]: last },
		[Op.or]: [{ [column]: { [past]: last } }, { id: { [past]: id } }]
	};
}

function conditions(filter: List, sort: Sort): WhereOptions {
	const { category, q, min_price, max_price, in_stock, cursor } = filter;
	const all: WhereOptions[] = [{ archived: false }];
	if (category !== undefined) all.push({ category });
	if (q !== undefined)
		all.push({ search: { [Op.match]: fn("websearch_to_tsquery", "english", q) } });
	if (min_price !== undefined) all.push({ price_minor: { [Op.gte]: min_price } });
	if (max_price !== undefined) all.push({ price_minor: { [Op.lte]: max_price } });
	if (in_stock !== undefined)
		all.push(where(col("stock.on_hand"), in_stock ? Op.gt : Op.eq, col("stock.reserved")));
	if (cursor !== undefined) all.push(afterCursor(cursor, filter, sort));
	return { [Op.and]: all };
}

/** The catalogue. Prices and texts change here; stock does not. */
export class ProductRepository {
	readonly #model: ModelStatic<ProductRow>;

	constructor(model: ModelStatic<ProductRow>) {
		this.#model = model;
	}

	async list(filter: List): Promise<Result<Actions["list"]>> {
		const { sort = "newest", limit = 20 } = filter;
		const { column, direction, key } = sortOrders[sort];
		const rows = await this.#model.findAll({
			where: conditions(filter, sort),
			include: "stock",
			order: [
				[column, direction],
				["id", direction]
			],
			// One extra row says whether there is a next page, without a count.
			limit: limit + 1
		});
		const page = rows.slice(0, limit);
		const last = rows.length > limit ? page.at(-1) : undefined;
		return {
			data: page.map(toProduct),
			next_cursor: last ? encodeSortCursor(listOf(filter, sort), key(last), last.id) : null
		};
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<Product> {
		const row = await this.#model.findByPk(id, { include: "stock" });
		return row ? toProduct(row) : fail("NOT_FOUND");
	}

	async describe(ids: string[]): Promise<Result<Actions["describe"]>["products"]> {
		const rows = await this.#model.findAll({ where: { id: ids } });
		return rows.map(({ id, name, category }) => ({ product_id: id, name, category }));
	}

	async categories(): Promise<Result<Actions["categories"]>> {
		const rows = await this.#model.findAll({
			attributes: ["category", [literal("count(*)::int"), "products"]],
			where: { archived: false },
			group: "category",
			order: ["category"],
			raw: true
		});
		return { data: rows as unknown as { category: string; products: number }[] };
	}

	/**
	 * Changes a product in one statement, if its version is `version`, if given.
	 * @throws NOT_FOUND, STALE_VERSION
	 */
	async update(id: string, version: number | undefined, changes: object): Promise<Product> {
		const next = { version: literal("version + 1"), updated_at: fn("clock_timestamp") };
		const [changed] = await this.#model.update(
			{ ...changes, ...next },
			{ where: version === undefined ? { id } : { id, version } }
		);
		const found = await this.get(id);
		return changed > 0 ? found : fail("STALE_VERSION");
	}
}
