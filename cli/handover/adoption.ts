import type pg from "pg";
import type { Window } from "../../contracts/analytics.ts";
import { topics } from "../../streams/messages/topics.ts";
import { raiseRevisions, revisionRows } from "../restore/epoch.ts";

/** No emitter works meanwhile: it asks for the same lock. */
const lockEmitter = `select pg_advisory_xact_lock(hashtext('analytics'), hashtext('${topics.orders}'))`;

/**
 * Messages that wait have revisions from before: their windows are emitted again instead. Late events that wait are
 * dropped, because the other engine has published those.
 */
const dropWaiting = `
	with dropped as (
		update analytics.outbox set published_at = clock_timestamp()
		where published_at is null and topic in ('${topics.windows}', '${topics.late}')
		returning topic, key
	)
	update analytics.windows w set dirty = true
	from (select distinct split_part(key, '/', 1)::timestamptz as start, split_part(key, '/', 2)::bpchar as currency
		from dropped where topic = '${topics.windows}') as d
	where w.window_start = d.start and w.currency = d.currency`;

/** Lets the analytics service go on where another engine has published. Answers how many windows have to be emitted again. */
export async function adoptRevisions(client: pg.Client, known: readonly Window[]): Promise<number> {
	await client.query("begin");
	try {
		await client.query(lockEmitter);
		await client.query(dropWaiting);
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
