import { payableStep } from "../lib/currency/payable.ts";
import { rows } from "../db/client.ts";

const productsOfAKind = 8;

const shelfSql = `
	with p as (
		insert into product.products (id, sku, name, description, category, price_minor, currency)
		select id, upper(id), id, '', 'proof', (100 + 37 * position) * $3::bigint, $4
		from unnest($1::text[]) with ordinality as entry(id, position) returning id
	), s as (insert into product.stock (product_id, on_hand) select id, $2::bigint from p)
	insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved)
	select id, 'initial', $2::bigint, 0 from p`;

/** Creates products `prefix-1`, … with so many units each; their prices can be paid in any payable currency. */
export async function seedStock(
	url: string,
	prefix: string,
	units: number,
	currency = "USD"
): Promise<string[]> {
	const ids = Array.from({ length: productsOfAKind }, (_, index) => `${prefix}-${index + 1}`);
	await rows(url, shelfSql, [ids, units, payableStep(currency), currency]);
	return ids;
}
