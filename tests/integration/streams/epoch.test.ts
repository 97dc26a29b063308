import pg from "pg";
import { beginEpoch } from "../../../cli/restore/epoch.ts";
import { consumerGroups } from "../../../contracts/streams.ts";
import { newId } from "../../../lib/id.ts";
import { InboxRepository } from "../../../streams/consumer/storage/inbox.repository.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** A new epoch after a restore, when the shop ran for a while before it began. */

const database = useDatabase();
let client: pg.Client;

beforeAll(async () => {
	client = new pg.Client({ connectionString: database.url });
	await client.connect();
	database.defer(() => client.end());
}, 30_000);

const epochOfNext = async () => {
	const rows = await database.rows<{ epoch: number }>(
		`insert into orders.outbox (order_id, user_id, version, type, payload)
		values (gen_random_uuid(), 'user-123', 1, 'order.created', '{}') returning epoch`
	);
	return rows[0]!.epoch;
};

it("returns which events were applied meanwhile, and prevents all from being applied again", async () => {
	const [counted, other] = [buildOrderEvent(), buildOrderEvent({ currency: "EUR" })];
	await database.rows("insert into analytics.inbox (event_id, replay) values ($1, 3)", [
		counted.id
	]);
	expect(await epochOfNext()).toBe(1);
	expect(await beginEpoch(client, [counted, other], 1, [])).toEqual({
		epoch: 2,
		windows: 0,
		alreadyHandled: { analytics: [counted.id], notification: [], webhook: [] }
	});
	expect(await epochOfNext()).toBe(2);
	const ids = [counted.id, other.id];
	for (const schema of consumerGroups) {
		const inbox = new InboxRepository(database.db, schema);
		expect([...(await inbox.suppressed([...ids, newId()]))].sort()).toEqual(ids.toSorted());
		await database.db.transaction(async tx => {
			expect([...(await inbox.markHandled(ids, tx))].sort()).toEqual(ids.toSorted());
			expect([...(await inbox.markReplayed(ids, 99, tx))].sort()).toEqual(ids.toSorted());
		});
	}
});

it("is above every epoch of the log: a later restore may have reset that of the database", async () => {
	expect((await beginEpoch(client, [], 7, [])).epoch).toBe(8);
	expect(await epochOfNext()).toBe(8);
	expect((await beginEpoch(client, [], 1, [])).epoch).toBe(9);
});

it("emits windows above the revisions that readers saw, and leaves the others alone", async () => {
	const window = (start: string, revision: number) => ({
		window_start: start,
		window_end: start,
		currency: "USD",
		orders: 4,
		revenue: 400,
		unique_users: 2,
		average_order_value: 100,
		revision,
		final: false
	});
	await database.rows(
		`insert into analytics.windows (window_start, currency, orders, revenue_minor, unique_users, revision, dirty)
		values ('2026-03-01T12:00Z', 'USD', 3, 300, 1, 2, false), ('2026-03-01T12:01Z', 'USD', 3, 300, 1, 2, false)`
	);
	const emittedWindows = [
		window("2026-03-01T12:00:00.000Z", 5),
		window("2026-03-01T12:01:00.000Z", 2),
		window("2026-03-01T12:02:00.000Z", 1)
	];
	expect((await beginEpoch(client, [], 1, emittedWindows)).windows).toBe(2);
	const rows = await database.rows(
		"select orders, revision, dirty from analytics.windows order by window_start"
	);
	expect(rows).toEqual([
		{ orders: 3, revision: 5, dirty: true },
		{ orders: 3, revision: 2, dirty: false },
		{ orders: 0, revision: 1, dirty: true }
	]);
});
