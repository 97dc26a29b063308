import type { TestDatabase } from "../servers/database.ts";

type Rows = Pick<TestDatabase, "rows">;

/**
 * Products that violate a stock invariant: counters must equal the sums of their ledger and open reservations, and the
 * row of filters by stock must say what the counters say.
 */
export function brokenStock(database: Rows): Promise<object[]> {
	return database.rows(`
		select s.*, l.on_hand as ledger_on_hand, l.reserved as ledger_reserved, held
		from product.stock s left join product.availability a using (product_id), lateral (
			select coalesce(sum(d_on_hand), 0) as on_hand, coalesce(sum(d_reserved), 0) as reserved
			from product.stock_ledger l where l.product_id = s.product_id
		) l, lateral (
			select coalesce(sum(quantity), 0) as held
			from product.reservation r join product.reservation_head using (order_id)
			where r.product_id = s.product_id and state in ('held', 'locked')
		) r
		where s.on_hand <> l.on_hand or s.reserved <> l.reserved or s.reserved <> held
			or a.is_sold_out is distinct from (s.on_hand = s.reserved)
			or not 0 <= s.reserved or not s.reserved <= s.on_hand`);
}

/** Adds products `<prefix>-1` … with so many units each, and returns their ids. */
export async function seedProducts(
	database: Rows,
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
