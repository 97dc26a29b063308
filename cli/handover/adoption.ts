import type pg from "pg";
import type { Window } from "../../contracts/analytics.ts";
import { bulk } from "../../lib/bulk.ts";
import { topics } from "../../streams/messages/topics.ts";
import { raiseRevisions, revisionRows } from "../restore/epoch.ts";

/** Between the clocks of the database and of the log. */
export const clocksDifferMs = 60_000;

/** No emitter works meanwhile: it asks for the same lock. */
const lockEmitter = `select pg_advisory_xact_lock(hashtext('analytics'), hashtext('${topics.orders}'))`;

/** Windows whose messages wait with revisions from before are emitted again instead. */
const dropWaiting = `
	with dropped as (
		update analytics.outbox set published_at = clock_timestamp()
		where published_at is null and topic = '${topics.windows}'
		returning key
	)
	update analytics.windows w set dirty = true
	from (select distinct split_part(key, '/', 1)::timestamptz as start, split_part(key, '/', 2)::bpchar as currency
		from dropped) as d
	where w.window_start = d.start and w.currency = d.currency`;

/**
 * While the other engine owned the windows, the service marked its messages and sent none; whether the other one has published
 * all of them is not known, because it may have been down. Windows are emitted again, and late events published again, whose
 * readers know them by their id. $1 since when.
 */
const repeatMarked = `
	with late as (
		update analytics.outbox set published_at = null
		where topic = '${topics.late}' and published_at >= $1::timestamptz - interval '${clocksDifferMs} ms'
	)
	update analytics.windows set dirty = true
	where revision > 0 and emitted_at >= $1::timestamptz - interval '${clocksDifferMs} ms'`;

const publishedRows = bulk({
	window_start: "timestamptz",
	currency: "bpchar",
	revision: "int",
	orders: "int",
	revenue: "bigint",
	unique_users: "int",
	final: "boolean"
});

/** One revision must not have two contents: where readers know another one, the next revision is higher than both. */
const raiseDifferent = `
	update analytics.windows w set revision = w.revision + 1, dirty = true
	from ${publishedRows.as("x")}
	where w.window_start = x.window_start and w.currency = x.currency and w.revision = x.revision
		and (w.orders, w.revenue_minor, w.unique_users, w.final) is distinct from
			(x.orders, x.revenue, x.unique_users, x.final)`;

/**
 * Lets the analytics service go on where another engine has published. Answers how many windows have to be emitted again.
 * @param known of each window, the highest revision that was published
 * @param since when the other engine became the owner, if it ever was
 */
export async function adoptRevisions(
	client: pg.Client,
	known: readonly Window[],
	since: string | undefined
): Promise<number> {
	await client.query("begin");
	try {
		await client.query(lockEmitter);
		await client.query(dropWaiting);
		if (since) await client.query(repeatMarked, [since]);
		await client.query(raiseDifferent, publishedRows.values(known));
		await client.query(raiseRevisions, revisionRows.values(known));
		const { rows } = await client.query<{ count: number }>(
			"select count(*)::int as count from analytics.windows where dirty and revision > 0"
		);
		await client.query("commit");
		return rows[0]!.count;
	} catch (error) {
		await client.query("rollback");
		throw error;
	}
}
