import { literal, Op, type ModelStatic, type WhereOptions } from "sequelize";
import { mostCategories, type Product, type product } from "../../contracts/product.ts";
import type { Database, Statement } from "../../db/database.ts";
import { sqlState } from "../../lib/database-error.ts";
import { fail, invalid } from "../../lib/errors.ts";
import { jsonBytes, KeysetList, TextId } from "../../lib/keyset.ts";
import type { TSchema } from "../../lib/schema.ts";
import type { Params, Result } from "../../lib/service.ts";
import { updateVersioned } from "../../mixins/sequelize-queries.ts";
import { CatalogueSearch, type Search } from "./catalogue/search.ts";
import { sortOrder, type SortOrder } from "./catalogue/sort-orders.ts";
import type { ProductRow } from "./product.model.ts";

const uniqueViolation = "23505";

type Actions = typeof product.actions;
type List = Params<Actions["list"]>;

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

/** A list as it was asked for, with what follows from that. */
interface Listing {
	readonly filter: List;
	readonly search: Search | undefined;
	readonly sort: SortOrder;
	readonly keysets: KeysetList<ProductRow, TSchema>;
}

function listingOf(filter: List, catalogue: CatalogueSearch): Listing {
	const { category, q, currency, min_price, max_price, in_stock } = filter;
	const { sort: key = q === undefined ? "newest" : "relevance" } = filter;
	const search = q === undefined ? undefined : catalogue.for(q);
	const sort = sortOrder(key, search);
	const keysets = new KeysetList({
		name: JSON.stringify([key, category, q, currency, min_price, max_price, in_stock]),
		value: sort.value,
		id: TextId,
		keysetOf: (row: ProductRow) => ({ value: sort.valueOf(row), id: row.id }),
		bytesOf: row => jsonBytes(toProduct(row))
	});
	return { filter, search, sort, keysets };
}

/** Prices are numbers of one currency's units: ¥1000 is not more than $10.00. @throws VALIDATION_FAILED */
function checkComparable({ currency, min_price, max_price, sort, q }: List): void {
	const comparesPrices =
		min_price !== undefined || max_price !== undefined || /price/.test(sort ?? "");
	if (comparesPrices && currency === undefined)
		invalid("/currency", "required", "is required with min_price, max_price or a sort by price");
	if (sort === "relevance" && q === undefined)
		invalid("/q", "required", "is required with a sort by relevance");
}

/** From an index, so that a filter that few products pass does not read the others. */
const withUnits = (inStock: boolean) =>
	`(select product_id from product.availability where ${inStock ? "not " : ""}is_sold_out)`;

function conditions({ filter, search }: Listing): WhereOptions[] {
	const { category, currency, min_price, max_price, in_stock } = filter;
	const all: WhereOptions[] = [{ archived: false }];
	if (category !== undefined) all.push({ category });
	if (search) all.push(literal(search.matches));
	if (currency !== undefined) all.push({ currency });
	if (min_price !== undefined) all.push({ price_minor: { [Op.gte]: min_price } });
	if (max_price !== undefined) all.push({ price_minor: { [Op.lte]: max_price } });
	if (in_stock !== undefined) all.push({ id: { [Op.in]: literal(withUnits(in_stock)) } });
	return all;
}

/** $1 most categories. Triggers count the products (migrations/0015). */
const readCategories: Statement = {
	name: "product.categories",
	text: "select category, products from product.category_counts order by category limit $1"
};

/** The catalogue. Prices and texts change here; stock does not. */
export class ProductRepository {
	readonly #model: ModelStatic<ProductRow>;

	readonly #pg: Database;

	readonly #search: CatalogueSearch;

	/** @param language of names and descriptions: a text search configuration of Postgres */
	constructor(model: ModelStatic<ProductRow>, pg: Database, language: string) {
		this.#model = model;
		this.#pg = pg;
		const quoted = (text: string) => model.sequelize!.escape(text);
		this.#search = new CatalogueSearch(language, quoted);
	}

	/** @throws VALIDATION_FAILED for prices without a currency, or a cursor of another list */
	async list(filter: List): Promise<Result<Actions["list"]>> {
		checkComparable(filter);
		const { limit = 20 } = filter;
		const listing = listingOf(filter, this.#search);
		const { search, sort, keysets } = listing;
		const after = keysets.after(filter.cursor);
		const rows = await this.#model.findAll({
			...(search && { attributes: { include: [[literal(search.rank), "rank"]] } }),
			where: { [Op.and]: [...conditions(listing), ...(after ? [sort.behind(after)] : [])] },
			include: "stock",
			order: sort.order,
			// One extra row says whether there is a next page, without a count.
			limit: limit + 1
		});
		const { data, next_cursor } = keysets.page(rows, limit);
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
		return { data: await this.#pg.query(readCategories, [mostCategories]) };
	}

	/**
	 * Changes a product in one statement, if its version is `version`, if given.
	 * @throws NOT_FOUND, STALE_VERSION; DUPLICATE_SKU where another product that is sold has the SKU
	 */
	async update(id: string, version: number | undefined, changes: object): Promise<Product> {
		await updateVersioned(this.#model, id, version, changes).catch(error =>
			sqlState(error) === uniqueViolation ? fail("DUPLICATE_SKU") : Promise.reject(error as Error)
		);
		return this.get(id);
	}
}
