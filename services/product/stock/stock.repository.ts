import type { product, Stock } from "../../../contracts/product.ts";
import type { Database, Statement, Transaction } from "../../../db/database.ts";
import type { Answered, Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { bulk } from "../../../lib/bulk.ts";
import { fail, invalid } from "../../../lib/errors.ts";
import { newId } from "../../../lib/id.ts";
import type { Params, Result } from "../../../lib/service.ts";
import { lowStock } from "./stock.statements.ts";

type Actions = typeof product.actions;
type Create = Params<Actions["create"]>;
type Adjust = Params<Actions["stock.adjust"]>;

const quote: Statement = {
	name: "product.quote",
	text: `
	select id as product_id, name, json_build_object('amount', price_minor, 'currency', currency) as unit_price
	from product.products where id = any ($1::text[]) and not archived`
};

/** All columns of a new product that have no default. Names and values are in one order by this. */
const newProduct = bulk({
	id: "text",
	sku: "text",
	name: "text",
	description: "text",
	category: "text",
	price_minor: "bigint",
	currency: "bpchar",
	image_url: "text"
});
const [units, author] = [`$${newProduct.next}::bigint`, `$${newProduct.next + 1}`];

const create: Statement = {
	name: "product.create",
	text: `
	with product as (
		insert into product.products (${newProduct.columns})
		select ${newProduct.columns} from ${newProduct.as("given")}
		on conflict (product.fold_case(sku)) where not archived do nothing
		returning id
	), stock_row as (
		insert into product.stock (product_id, on_hand) select id, ${units} from product
	), entry as (
		insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved, actor)
		select id, 'initial', ${units}, 0, ${author} from product
	)
	select id from product`
};

const read: Statement = {
	name: "stock.read",
	text: `
	select product_id, on_hand, reserved, on_hand - reserved as available, (
		select coalesce(json_agg(json_build_object('reason', reason, 'order_id', order_id,
			'on_hand', d_on_hand, 'reserved', d_reserved, 'note', note,
			'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by id desc), '[]')
		from (
			select * from product.stock_ledger l
			where l.product_id = s.product_id order by id desc limit 50
		) latest
	) as ledger
	from product.stock s where product_id = $1`
};

const lockStock: Statement = {
	name: "stock.hold",
	text: "select on_hand, reserved from product.stock where product_id = $1 for update"
};

const adjust: Statement = {
	name: "stock.adjust",
	text: `
	with entry as (
		insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved, note, actor)
		values ($1, 'adjusted', $3, 0, $4, $5)
		returning product_id, d_on_hand
	), counted as (
		update product.stock s set on_hand = on_hand + d_on_hand
		from entry where s.product_id = entry.product_id
		returning s.product_id, s.on_hand, s.reserved, s.on_hand - d_on_hand as before${lowStock}
	)
	select from counted`
};

/** As the contract bounds it. */
const mostUnits = 1_000_000_000;

/** Checked under the row's lock, so that it still holds when the row is written. */
function assertWithinBounds(
	{ on_hand, reserved }: { on_hand: number; reserved: number },
	delta: number
): void {
	if (on_hand + delta < reserved)
		fail("INSUFFICIENT_STOCK", `${on_hand - reserved} units are neither sold nor reserved`);
	if (on_hand + delta > mostUnits)
		invalid("/delta", "maximum", `would make more than ${mostUnits} units`);
}

/** Prices and stock of products. */
export class StockRepository {
	readonly #pg: Database;
	readonly #idempotency: Idempotency;
	readonly #threshold: number;

	/** @param threshold of low stock, in units */
	constructor(pg: Database, idempotency: Idempotency, threshold: number) {
		this.#pg = pg;
		this.#idempotency = idempotency;
		this.#threshold = threshold;
	}

	/** Products that do not exist or are archived are omitted. */
	async quote(productIds: string[]): Promise<Result<Actions["quote"]>> {
		return { quotes: await this.#pg.query(quote, [productIds]) };
	}

	/** Adds a product, its stock and its first ledger row, and returns its id. @throws DUPLICATE_SKU */
	async create(entry: Create, actor: string): Promise<string> {
		const { price, stock, description = "", ...texts } = entry;
		const id = newId();
		const priced = { price_minor: price.amount, currency: price.currency };
		const row = { id, image_url: null, ...texts, description, ...priced };
		const created = await this.#pg.query(create, [...newProduct.values([row]), stock, actor]);
		return created.length > 0 ? id : fail("DUPLICATE_SKU");
	}

	/** @throws NOT_FOUND */
	async get(productId: string, tx: Transaction | Database = this.#pg): Promise<Stock> {
		const [stock] = await tx.query<Stock>(read, [productId]);
		return stock ?? fail("NOT_FOUND");
	}

	/** @throws NOT_FOUND, INSUFFICIENT_STOCK, IDEMPOTENCY_KEY_REUSED */
	adjust(change: Adjust, request: KeyedRequest, actor: string): Promise<Answered<Stock>> {
		return this.#idempotency.once(request, async tx => {
			await this.#adjust(tx, change, actor);
			return this.get(change.product_id, tx);
		});
	}

	async #adjust(tx: Transaction, change: Adjust, actor: string): Promise<void> {
		const { product_id, delta, reason } = change;
		const [stock] = await tx.query<{ on_hand: number; reserved: number }>(lockStock, [product_id]);
		if (!stock) fail("NOT_FOUND");
		assertWithinBounds(stock, delta);
		await tx.query(adjust, [product_id, this.#threshold, delta, reason, actor]);
	}
}
