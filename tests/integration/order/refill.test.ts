import { refill } from "../../../services/order/outbox/refill.ts";
import { until } from "../../support/until.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { useDatabase } from "../../support/servers/use-database.ts";
import { connect } from "../../support/servers/database.ts";

/** A refill reads all events, page by page: each selected event becomes unpublished again, and no other. */

const database = useDatabase("order", 3);

beforeEach(() => database.rows("truncate orders.outbox, orders.outbox_archive"));

/**
 * Events that were published a while after they occurred, one each second. Every fifth is internal,
 * every seventh is unpublished.
 */
const write = (count: number, happened: string) =>
	database.rows(
		`insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at, published_at, quiet)
		select gen_random_uuid(), 'user-refill', 1, 'order.created', '{}', at,
			case when n % 5 > 0 and n % 7 > 0 then at + interval '1 s' end, n % 5 = 0
		from (select n, $2::timestamptz + n * interval '1 s' as at from generate_series(1, $1::int) as n) as x`,
		[count, happened]
	);
const archive = () =>
	until(async () => {
		const [row] = await database.rows<{ moved: string }>(
			"select orders.archive_outbox(5000) as moved"
		);
		return row!.moved === "0";
	}, 10_000);
const idsWhere = async (condition: string) => {
	const rows = await database.rows<{ id: string }>(
		`select id from orders.events where ${condition} order by id`
	);
	return rows.map(({ id }) => id);
};
const asked = (since: string) => `published_at is not null and occurred_at >= '${since}'`;
const waiting = "published_at is null and not quiet";

const old = "2026-03-01T00:00:00.000Z";
const young = new Date(Date.now() - 86_400_000).toISOString();

/** All pages of one refill. */
async function refillAll(from: string) {
	const pages = [await refill(database.db, { from, dry: false })];
	for (let last = pages[0]!; last.next_cursor !== null;) {
		last = await refill(database.db, {
			from,
			before: last.before,
			cursor: last.next_cursor,
			dry: false
		});
		pages.push(last);
	}
	return pages;
}

it("makes each selected event unpublished again, in the outbox and the archive, and returns how many are left", async () => {
	await write(7000, old);
	await archive();
	await write(7000, young);
	const from = new Date(Date.parse(old) + 1_000_000).toISOString();
	const [wanted, waited] = [await idsWhere(asked(from)), await idsWhere(waiting)];
	expect((await refill(database.db, { from, dry: true })).left).toBe(wanted.length);
	const pages = await refillAll(from);
	expect(pages.length).toBe(3);
	let left = wanted.length;
	for (const page of pages) expect(page.left).toBe((left -= page.refilled));
	expect(left).toBe(0);
	expect(await idsWhere(waiting)).toEqual(
		[...wanted, ...waited].sort((a, b) => Number(a) - Number(b))
	);
	const [own] = await database.rows<{ ids: string[] }>(
		"select array_agg(id order by id) as ids from orders.outbox where published_at is null and not quiet"
	);
	expect(own!.ids).toEqual(await idsWhere(waiting));
}, 30_000);

it("can be started again after a page: unpublished events are not counted, events published since are skipped", async () => {
	await write(12_000, young);
	const wanted = await idsWhere(asked(young));
	const first = await refill(database.db, { from: young, dry: false });
	expect(first.left).toBe(wanted.length - first.refilled);
	// One that was published again in the meantime.
	await database.rows(
		"update orders.outbox set published_at = clock_timestamp() + interval '1 s' where id = $1",
		[wanted[0]]
	);
	const { before } = first;
	expect((await refill(database.db, { from: young, before, dry: true })).left).toBe(first.left);
	const second = await refill(database.db, { from: young, before, dry: false });
	expect(second.left).toBe(first.left - second.refilled);
	const third = await refill(database.db, {
		from: young,
		before,
		dry: false,
		cursor: second.next_cursor!
	});
	expect([third.left, third.next_cursor]).toEqual([0, null]);
	expect(first.refilled + second.refilled + third.refilled).toBe(wanted.length);
	expect(await idsWhere(asked(young))).toEqual([wanted[0]]);
}, 30_000);

it("finds events that are moved to the archive concurrently", async () => {
	await write(100, old);
	const wanted = await idsWhere(asked(old));
	const owner = connect(database, undefined, 1);
	const moved = Promise.withResolvers<void>();
	const isWaitedFor = () =>
		until(async () => {
			const text =
				"select 1 from pg_stat_activity where application_name = 'shop order' and wait_event_type = 'Lock'";
			return (await database.rows(text)).length > 0;
		}, 1500);
	const archiving = owner.transaction(async tx => {
		await tx.query({ name: "archive", text: "select orders.archive_outbox(1000)" });
		moved.resolve();
		await isWaitedFor();
	});
	await moved.promise;
	const page = await refill(database.db, { from: old, dry: false });
	await archiving;
	await owner.close();
	expect([page.refilled, page.left]).toEqual([wanted.length, 0]);
	expect(await idsWhere(asked(old))).toEqual([]);
}, 20_000);

it("reads no more than a page", async () => {
	await write(3000, old);
	await archive();
	await write(3000, young);
	// Statistics as autovacuum would have them; when it runs is a matter of luck, and so would be the plans.
	await database.rows("analyze orders.outbox, orders.outbox_archive");
	const first = Number((await idsWhere(`occurred_at >= '${young}'`))[0]);
	for (const after of [0, first - 50, first + 1000]) {
		// A session of its own, because reads are counted per session.
		const one = connect(database, "order", 1);
		const read = await one.transaction(async tx => {
			const text = "select * from orders.refill_outbox('2000-01-01', now(), $1, 100)";
			const [page] = await tx.query<{ refilled: number }>({ name: "page", text }, [after]);
			expect(page!.refilled).toBeGreaterThan(50);
			const [row] = await tx.query<{ rows: number }>({
				name: "rows_read",
				text: `select sum(seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_xact_user_tables
					where relid in ('orders.outbox'::regclass, 'orders.outbox_archive'::regclass)`
			});
			return row!.rows;
		});
		await one.close();
		expect(read).toBeLessThan(500);
	}
}, 20_000);

it("accepts only its own cursor", async () => {
	await write(6000, young);
	const { before, next_cursor } = await refill(database.db, { from: young, dry: false });
	const cursor = next_cursor!;
	const [list, left] = JSON.parse(Buffer.from(cursor, "base64url").toString());
	const forged = Buffer.from(JSON.stringify([list, left, "x"])).toString("base64url");
	for (const wrong of [
		{ from: young, before, cursor: forged },
		{ from: young, before, cursor: "x" },
		{ from: young, cursor },
		{ from: old, before, cursor }
	])
		await expectFailure(refill(database.db, { ...wrong, dry: false }), "VALIDATION_FAILED");
});
