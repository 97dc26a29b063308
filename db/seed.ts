import { rows, withClient } from "./client.ts";
import { accounts, demoPasswordHash } from "./seed/accounts.ts";
import { products } from "./seed/products.ts";

const insertAccounts = `
	insert into users.users (id, email, name, password_hash, role, locale, created_at, updated_at)
	select id, email, name, password_hash, role, locale, timestamptz '2026-01-01Z', timestamptz '2026-01-01Z'
	from json_to_recordset($1) as account(id text, email text, name text, password_hash text, role text, locale text)
	on conflict do nothing`;

/** The first product is the newest, so that the catalogue's first page begins with it. */
const insertProducts = `
	with entry as (
		select row_number() over (order by id) as position, *
		from json_to_recordset($1) as entry(id text, sku text, name text, description text,
			category text, price_minor bigint, image_url text, stock bigint)
	), product as (
		insert into product.products
			(id, sku, name, description, category, price_minor, currency, image_url, created_at, updated_at)
		select id, sku, name, description, category, price_minor, 'USD', image_url, at, at
		from entry, lateral (select timestamptz '2026-01-01Z' - position * interval '1 minute' as at) as made
		on conflict do nothing
		returning id
	), shelf as (
		insert into product.stock (product_id, on_hand)
		select id, stock from entry join product using (id)
		returning product_id, on_hand
	)
	insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved)
	select product_id, 'initial', on_hand, 0 from shelf`;

const session = { application_name: "shop seed" };

/** Adds the demo accounts and catalogue in one transaction; existing rows stay as they are. */
export async function seed(ownerUrl: string): Promise<void> {
	await withClient(
		ownerUrl,
		async client => {
			await client.query("begin");
			await client.query(insertAccounts, [JSON.stringify(accounts)]);
			await client.query(insertProducts, [JSON.stringify(products)]);
			await client.query("commit");
		},
		session
	);
}

/** Addresses of the accounts whose password is the published one and that could sign in with it. */
export async function demoAccounts(ownerUrl: string): Promise<string[]> {
	const found = await rows<{ email: string }>(
		ownerUrl,
		"select email from users.users where password_hash = $1 and not locked order by email",
		[demoPasswordHash]
	);
	return found.map(({ email }) => email);
}
