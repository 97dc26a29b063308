import type pg from "pg";
import type { WindowStreamEvent } from "../../contracts/analytics.ts";
import type { OrderStreamEvent } from "../../contracts/events.ts";
import { neverReplayed } from "../../streams/consumer/consumer.repository.ts";

/** Services whose inbox lists applied events. */
const consumers = ["analytics", "notification"] as const;

const insertVoided = `
	insert into orders.voided (event_id, epoch, order_id, user_id, version, type, occurred_at, total_minor, currency)
	select id, $1, order_id, who, version, type, at, total, currency
	from unnest($2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::timestamptz[], $8::bigint[], $9::bpchar[])
		as x(id, order_id, who, version, type, at, total, currency)`;

/** Returns those that were applied already, because the consumer ran after the restore. */
const blockEvents = (schema: string) => `
	insert into ${schema}.inbox as i (event_id, replay) select id, ${neverReplayed} from unnest($1::uuid[]) as id order by id
	on conflict (event_id) do update set replay = excluded.replay
	returning event_id as id, xmax <> 0 as was_there`;

/** Readers of the results keep the highest revision that they saw, so the next one must be higher. */
const raiseRevisions = `
	insert into analytics.windows as w (window_start, currency, orders, revenue_minor, unique_users, revision)
	select window_start, currency, 0, 0, 0, revision
	from unnest($1::timestamptz[], $2::bpchar[], $3::int[]) as x(window_start, currency, revision) order by 1, 2
	on conflict (window_start, currency) do update set revision = excluded.revision, dirty = true
		where w.revision < excluded.revision
	returning 1`;

/** The default of the column is the epoch, which costs inserts nothing. */
const currentEpoch = `
	select coalesce(substring(column_default from '\\d+')::int, 1) as epoch from information_schema.columns
	where table_schema = 'orders' and table_name = 'outbox' and column_name = 'epoch'`;

type Consumer = (typeof consumers)[number];

export interface EpochStart {
	epoch: number;
	/** By consumer: events of the gap that were applied after the restore. */
	alreadyHandled: Record<Consumer, string[]>;
	/** Windows of which readers saw higher revisions than the database has. */
	windows: number;
}

/**
 * Begins an epoch in one transaction: the gap's events are never applied here, and windows are emitted
 * again with revisions above those in the log.
 * @param highestInLog the highest epoch of the log
 */
export async function beginEpoch(
	client: pg.Client,
	gap: readonly OrderStreamEvent[],
	highestInLog: number,
	emittedWindows: readonly WindowStreamEvent["data"][]
): Promise<EpochStart> {
	const {
		rows: [{ epoch: known } = { epoch: 1 }]
	} = await client.query<{ epoch: number }>(currentEpoch);
	const epoch = Math.max(highestInLog, known) + 1;
	const column = <V>(value: (event: OrderStreamEvent) => V) => gap.map(value);
	const ids = column(({ id }) => id);
	await client.query(insertVoided, [
		epoch,
		ids,
		column(({ subject }) => subject),
		column(({ data }) => data.user_id),
		column(({ sequence }) => Number(sequence)),
		column(({ type }) => type),
		column(({ time }) => time),
		column(({ data }) => data.total.amount),
		column(({ data }) => data.total.currency)
	]);
	const alreadyHandled: EpochStart["alreadyHandled"] = { analytics: [], notification: [] };
	for (const schema of consumers) {
		const { rows } = await client.query<{ id: string; was_there: boolean }>(blockEvents(schema), [
			ids
		]);
		alreadyHandled[schema] = rows.flatMap(({ id, was_there }) => (was_there ? id : []));
	}
	const { rowCount } = await client.query(raiseRevisions, [
		emittedWindows.map(({ window_start }) => window_start),
		emittedWindows.map(({ currency }) => currency),
		emittedWindows.map(({ revision }) => revision)
	]);
	await client.query(`alter table orders.outbox alter column epoch set default ${epoch}`);
	return { epoch, alreadyHandled, windows: rowCount ?? 0 };
}
