import type pg from "pg";
import { withClient } from "./client.ts";

/**
 * Makes a text search configuration of Postgres that of all products. Those that have another are indexed again, about
 * a thousand a second; their versions stay, because no response changes.
 */
export function applyTextSearch(ownerUrl: string, configuration: string): Promise<void> {
	const work = async (client: pg.Client) => {
		const language = client.escapeLiteral(configuration);
		await client.query(
			`alter table product.products alter column language set default ${language}`
		);
		await client.query("update product.products set language = $1 where language <> $1", [
			configuration
		]);
	};
	return withClient(ownerUrl, work, { application_name: "shop text search" });
}
