import type pg from "pg";
import type { WindowStreamEvent } from "../../contracts/analytics.ts";
import type { OrderStreamEvent } from "../../contracts/events.ts";
import { consumerGroups, type ConsumerGroup } from "../../contracts/streams.ts";
import { bulk } from "../../lib/bulk.ts";
import { neverReplayed } from "../../streams/consumer/storage/inbox.repository.ts";

const voidedRows = bulk(
	{
		id: "uuid",
		order_id: "uuid",
		who: "text",
		version: "int",
		type: "text",
		at: "timestamptz",
		total: "bigint",
		currency: "bpchar"
	},
	2
);
export const revisionRows = bulk({
	window_start: "timestamptz",
	currency: "bpchar",
	revision: "int"
});

const insertVoided = `
	insert into orders.voided (event_id, epoch, order_id, user_id, version, type, occurred_at, total_minor, currency)
	select id, $1, order_id, who, version, type, at, total, currency
	from ${voidedRows.as("x")}`;

/** Returns those that were applied already, because the consumer ran after the restore. */
const blockEvents = (schema: string) => `
	insert into ${schema}.inbox as i (event_id, replay) select id, ${neverReplayed} from unnest($1::uuid[]) as id order by id
	on conflict (event_id) do update set replay = excluded.replay
	returning event_id as id, xmax <> 0 as was_there`;

/** Readers of the results keep the highest revision that they saw, so the next one must be higher. */
export const raiseRevisions = `
	insert into analytics.windows as w (window_start, currency, orders, revenue_minor, unique_users, revision)
	select window_start, currency, 0, 0, 0, revision
	from ${revisionRows.as("x")} order by 1, 2
	on conflict (window_start, currency) do update set revision = excluded.revision, dirty = true
		where w.revision < excluded.revision
	returning 1`;

/** The default of the column is the epoch, which costs inserts nothing. */
const currentEpoch = `
	select coalesce(substring(column_default from '\\d+')::int, 1) as epoch from information_schema.columns
	where table_schema = 'orders' and table_name = 'outbox' and column_name = 'epoch'`;

export interface EpochStart {
	epoch: number;
	/** By consumer: events of the gap that were applied after the restore. */
	alreadyHandled: Record<ConsumerGroup, string[]>;
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
	const ids = gap.map(({ id }) => id);
	const voided = gap.map(({ id, subject, sequence, type, time, data }) => ({
		id,
		order_id: subject,
		who: data.user_id,
		version: Number(sequence),
		type,
		at: time,
		total: data.total.amount,
		currency: data.total.currency
	}));
	await client.query(insertVoided, [epoch, ...voidedRows.values(voided)]);
	const alreadyHandled: EpochStart["alreadyHandled"] = {
		analytics: [],
		notification: [],
		webhook: []
	};
	for (const schema of consumerGroups) {
		const { rows } = await client.query<{ id: string; was_there: boolean }>(blockEvents(schema), [
			ids
		]);
		alreadyHandled[schema] = rows.flatMap(({ id, was_there }) => (was_there ? id : []));
	}
	const { rowCount } = await client.query(raiseRevisions, revisionRows.values(emittedWindows));
	await client.query(`alter table orders.outbox alter column epoch set default ${epoch}`);
	return { epoch, alreadyHandled, windows: rowCount ?? 0 };
}
