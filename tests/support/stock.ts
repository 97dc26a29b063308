import type { TestDatabase } from "./database.ts";

/** Products whose counters differ from the sums of their ledger, or break the law. Empty is right. */
export function brokenStock(database: TestDatabase): Promise<object[]> {
	return database.rows(`
		select product_id, on_hand, reserved, sum(d_on_hand) as ledger_on_hand, sum(d_reserved) as ledger_reserved
		from product.stock left join product.stock_ledger using (product_id)
		group by product_id, on_hand, reserved
		having on_hand <> coalesce(sum(d_on_hand), 0) or reserved <> coalesce(sum(d_reserved), 0)
			or not 0 <= reserved or not reserved <= on_hand`);
}

/** Adds products `<prefix>-1` … with so many units each, and answers their ids. */
export async function shelf(
	database: TestDatabase,
	prefix: string,
	count: number,
	units: number
): Promise<string[]> {
	const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
	await database.rows(
		`with p as (
			insert into product.products (id, sku, name, description, category, price_minor, currency)
			select id, upper(id), id, '', 'test', 1000, 'USD' from unnest($1::text[]) as id returning id
		), s as (insert into product.stock (product_id, on_hand) select id, $2::bigint from p)
		insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved)
		select id, 'initial', $2::bigint, 0 from p`,
		[ids, units]
	);
	return ids;
}
