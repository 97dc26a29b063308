import pg from "pg";
import { verify } from "../../../verify/orders.verifier.ts";
import { place } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** An archive has the events of all orders of years: reading it for each page of orders took the square of their number. */

const shop = useShop(orderServices);

it("reads the events of a page of orders by index, from the outbox and from its archive", async () => {
	await place(shop.broker, { wait_s: 10 });
	const client = new pg.Client({ connectionString: shop.database.url });
	await client.connect();
	shop.defer(() => client.end());
	await client.query("begin");
	// A small table is read in whole even where it has an index.
	await client.query("set local enable_seqscan = off");
	for await (const difference of verify({ client, progress: () => undefined }))
		expect(difference).toBeUndefined();
	const { rows } = await client.query(
		`select relname, seq_scan::int, idx_scan > 0 as "byIndex" from pg_stat_xact_user_tables
		where schemaname = 'orders' and relname in ('outbox', 'outbox_archive') order by 1`
	);
	expect(rows).toEqual([
		{ relname: "outbox", seq_scan: 0, byIndex: true },
		{ relname: "outbox_archive", seq_scan: 0, byIndex: true }
	]);
});
