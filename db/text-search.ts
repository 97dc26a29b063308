import { newClient } from "./client.ts";
import { giveWay, lockTimeoutMs, type GiveWayOptions } from "./give-way.ts";

const columnDefault = `
	select pg_get_expr(adbin, adrelid) as expression from pg_attrdef
	where (adrelid, adnum) = (select attrelid, attnum from pg_attribute
		where attrelid = 'product.products'::regclass and attname = 'language')`;

/**
 * Makes a text search configuration of Postgres that of all products, and locks nothing if it is. Those that have another
 * are indexed again, about a thousand a second; their versions stay, because no response changes.
 */
export async function applyTextSearch(
	ownerUrl: string,
	configuration: string,
	options: GiveWayOptions = {}
): Promise<void> {
	const name = "shop text search";
	const client = newClient({ connectionString: ownerUrl, application_name: name });
	try {
		await client.connect();
		const language = client.escapeLiteral(configuration);
		const { rows } = await client.query<{ expression: string }>(columnDefault);
		if (rows[0]?.expression !== `${language}::text`) {
			await client.query(`set lock_timeout = ${lockTimeoutMs}`);
			const alter = `alter table product.products alter column language set default ${language}`;
			const work = () => client.query(alter);
			await giveWay(ownerUrl, client, "the language of the catalogue", work, options);
			await client.query("reset lock_timeout");
		}
		await client.query("update product.products set language = $1 where language <> $1", [
			configuration
		]);
	} finally {
		await client.end();
	}
}
