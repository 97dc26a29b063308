import pg from "pg";
import { verify } from "../../../verify/orders.verifier.ts";
import { migrate, migrations } from "../../../db/migrate.ts";
import { testDatabase } from "../../support/servers/database.ts";

const id = "019a0000-0000-7000-8000-000000000001";
const money = (amount: number) => ({ amount, currency: "USD" });
const item = {
	product_id: "prod-001",
	name: 'A \\ "thing"',
	quantity: 2,
	unit_price: money(50),
	line_total: money(100)
};
const address = { street: "1 Main St", city: "SF", state: null, zip: "1", country: "US" };
const shipment = { carrier: "UPS", tracking_number: "1Z" };
const answer = {
	id,
	user_id: "user-123",
	status: "pending",
	reason: null,
	items: [item],
	totals: { subtotal: money(100), shipping: money(0), tax: money(0), total: money(100) },
	shipping_address: address,
	payment: null,
	shipment: null,
	version: 1
};

it("chains the history of orders that were placed before there was a chain", async () => {
	const database = await testDatabase("template1");
	const client = new pg.Client({ connectionString: database.url });
	try {
		const all = await migrations();
		const first = all.filter(({ service, file }) => service !== "order" || file < "0002");
		await migrate(database.url, first);
		await database.rows(
			`insert into orders.orders (id, user_id, status, items, shipping_address, payment_method, currency, subtotal_minor,
				shipping_minor, tax_minor, total_minor, shipment, version, created_at, updated_at)
			values ($1, 'user-123', 'shipped', $2, $3, 'pm_card_visa', 'USD', 100, 0, 0, 100, $4, 4, '2026-01-01Z', '2026-01-04Z')`,
			[id, JSON.stringify([item]), JSON.stringify(address), JSON.stringify(shipment)]
		);
		await database.rows(
			`insert into orders.idempotency (principal, route, key, request_hash, order_id, answer)
			values ('user-123', 'POST /orders', 'key', '', $1, $2)`,
			[id, JSON.stringify(answer)]
		);
		const states = ["pending", "payment_pending", "confirmed", "shipped"];
		for (const [index, to] of states.entries())
			await database.rows(
				`insert into orders.history (order_id, version, type, from_status, to_status, actor, at)
				values ($1, $2, $3, $4, $5, '{"id": "order", "role": "system"}', $6)`,
				[id, index + 1, `order.${to}`, states[index - 1], to, `2026-01-0${index + 1}Z`]
			);
		await migrate(database.url);
		const snapshots = await database.rows(
			"select snapshot::text as text from orders.history order by version"
		);
		expect(snapshots.map(({ text }) => text)).toEqual([
			JSON.stringify(answer),
			'{"status":"payment_pending","reason":null,"shipment":null}',
			'{"status":"confirmed","reason":null,"shipment":null}',
			expect.stringMatching(/^{"status":"shipped","reason":null,"shipment":{"carrier": "UPS"/)
		]);
		await client.connect();
		const found = [];
		for await (const line of verify({ client, progress: () => undefined })) found.push(line);
		expect(found).toEqual([]);
	} finally {
		await client.end().catch(() => undefined);
		await database.drop();
	}
});
