import type { TestDatabase } from "../servers/database.ts";

/** Enough that a page and its planner prefer an index, and few enough to be written in a test. */
export const filledRows = 20_000;

/** Prices are in another order than times, as in a shop. */
const products = `
	insert into product.products (id, sku, name, description, category, price_minor, currency, archived, created_at)
	select 'filled-' || n, 'FILLED-' || n, 'Filled ' || md5(n::text), '',
		case when n % 3 = 0 then 'filled-big' when n % 10000 = 1 then 'filled-rare' else 'filled-other' end,
		1 + n * 7919 % ${filledRows}, 'USD', n % 50 = 0, timestamptz '2024-01-01Z' + n * interval '1 minute'
	from generate_series(1, ${filledRows}) n`;

const users = `
	insert into users.users (id, email, name, password_hash, role, locale, created_at)
	select 'filled-' || n, 'filled-' || n || '@example.com', 'Filled', 'none', 'customer', 'en',
		timestamptz '2024-01-01Z' + n * interval '1 minute'
	from generate_series(1, ${filledRows}) n`;

/** Adds products and users. @param onHand units of each product: with 0 all are sold out */
export async function fillTables(database: TestDatabase, onHand: number): Promise<void> {
	await database.rows(products);
	await database.rows(
		"insert into product.stock (product_id, on_hand) select id, $1::bigint from product.products where id like 'filled-%'",
		[onHand]
	);
	await database.rows(
		`insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved)
			select product_id, 'initial', on_hand, 0 from product.stock where product_id like 'filled-%'`
	);
	await database.rows(users);
	for (const table of ["product.products", "product.stock", "product.availability", "users.users"])
		await database.rows(`vacuum analyze ${table}`);
}
