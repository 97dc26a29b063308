import { col, fn, literal, Op, where, type ModelStatic, type WhereOptions } from "sequelize";
import type { Product, product } from "../../contracts/product.ts";
import { text } from "../../contracts/values.ts";
import { sqlState } from "../../lib/database-error.ts";
import { fail, invalid } from "../../lib/errors.ts";
import { KeysetList, Milliseconds, TextId, type Keyset } from "../../lib/keyset.ts";
import { T, type TSchema } from "../../lib/schema.ts";
import type { Params, Result } from "../../lib/service.ts";
import { behind, updateVersioned } from "../../mixins/sequelize-queries.ts";
import type { ProductRow } from "./product.model.ts";

const uniqueViolation = "23505";

type Actions = typeof product.actions;
type List = Params<Actions["list"]>;
type Sort = NonNullable<List["sort"]>;

interface SortOrder {
	column: "name" | "price_minor" | "created_at";
	direction: "asc" | "desc";
	/** Of the column, as it is in a cursor. */
	value: TSchema;
	valueOf(row: ProductRow): string | number;
}

const byName = {
	column: "name",
	value: text(200),
	valueOf: (row: ProductRow) => row.name
} as const;
const byPrice = {
	column: "price_minor",
	value: T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
	valueOf: (row: ProductRow) => row.price_minor
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
		valueOf: row => row.created_at.getTime()
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

function listOf(filter: List, sort: Sort): KeysetList<ProductRow, TSchema> {
	const { category, q, currency, min_price, max_price, in_stock } = filter;
	const { value, valueOf } = sortOrders[sort];
	return new KeysetList({
		name: JSON.stringify([sort, category, q, currency, min_price, max_price, in_stock]),
		value,
		id: TextId,
		keysetOf: (row: ProductRow) => ({ value: valueOf(row), id: row.id })
	});
}

function afterKeyset({ value, id }: Keyset<unknown>, sort: Sort): WhereOptions {
	const { column, direction } = sortOrders[sort];
	const last = column === "created_at" ? new Date(value as number) : value;
	return behind(column, direction, { value: last, id });
}

/** Prices are numbers of one currency's units: ¥1000 is not more than $10.00. @throws VALIDATION_FAILED */
function checkComparable({ currency, min_price, max_price, sort }: List): void {
	const comparesPrices =
		min_price !== undefined || max_price !== undefined || /price/.test(sort ?? "");
	if (comparesPrices && currency === undefined)
		invalid("/currency", "required", "is required with min_price, max_price or a sort by price");
}

function conditions(filter: List): WhereOptions[] {
	const { category, q, currency, min_price, max_price, in_stock } = filter;
	const all: WhereOptions[] = [{ archived: false }];
	if (category !== undefined) all.push({ category });
	if (q !== undefined)
		all.push({ search: { [Op.match]: fn("websearch_to_tsquery", "english", q) } });
	if (currency !== undefined) all.push({ currency });
	if (min_price !== undefined) all.push({ price_minor: { [Op.gte]: min_price } });
	if (max_price !== undefined) all.push({ price_minor: { [Op.lte]: max_price } });
	if (in_stock !== undefined)
		all.push(where(col("stock.on_hand"), in_stock ? Op.gt : Op.eq, col("stock.reserved")));
	return all;
}

/** The catalogue. Prices and texts change here; stock does not. */
export class ProductRepository {
	readonly #model: ModelStatic<ProductRow>;

	constructor(model: ModelStatic<ProductRow>) {
		this.#model = model;
	}

	/** @throws VALIDATION_FAILED for prices without a currency, or a cursor of another list */
	async list(filter: List): Promise<Result<Actions["list"]>> {
		checkComparable(filter);
		const { sort = "newest", limit = 20 } = filter;
		const { column, direction } = sortOrders[sort];
		const list = listOf(filter, sort);
		const after = list.after(filter.cursor);
		const where = [...conditions(filter), ...(after ? [afterKeyset(after, sort)] : [])];
		const rows = await this.#model.findAll({
			where: { [Op.and]: where },
			include: "stock",
			order: [
				[column, direction],
				["id", direction]
			],
			// One extra row says whether there is a next page, without a count.
			limit: limit + 1
		});
		const { data, next_cursor } = list.page(rows, limit);
		return { data: data.map(toProduct), next_cursor };
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
	 * @throws NOT_FOUND, STALE_VERSION; DUPLICATE_SKU when one is sold again whose SKU another product has
	 */
	async update(id: string, version: number | undefined, changes: object): Promise<Product> {
		await updateVersioned(this.#model, id, version, changes).catch(error =>
			sqlState(error) === uniqueViolation ? fail("DUPLICATE_SKU") : Promise.reject(error as Error)
		);
		return this.get(id);
	}
}
