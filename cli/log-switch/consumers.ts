import type pg from "pg";
import { consumerGroups } from "../../contracts/streams.ts";
import { bulk } from "../../lib/bulk.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import { extentRows, recordExtents } from "../../services/analytics/windows/window.statements.ts";
import { topics } from "../../streams/messages/topics.ts";
import { hasServiceSessions } from "../offline/stopped-shop.ts";

/** Where a partition of the new log begins for the shop: what is before it is of an earlier use of the topic. */
export interface LogStart {
	topic: string;
	partition: number;
	offset: bigint;
}

export interface NewLog {
	kind: "kafka" | "postgres";
	/** Of an empty log, none: each partition begins at 0. */
	starts: readonly LogStart[];
	/** From when on it will have all order events; null: from the first one on. */
	since: string | null;
}

const runningReplay = (schema: string) => `
	select exists (
		select from ${schema}.position where replay_mode in ('again', 'quiet') and replay_until > next_offset
	) as yes`;

/**
 * A replay goes on in the log in which it began: what it has reset, or was to suppress, would be lost with its position.
 * @throws LaunchError
 */
export async function assertNoReplay(client: pg.Client): Promise<void> {
	for (const schema of consumerGroups) {
		const { rows } = await client.query<{ yes: boolean }>(runningReplay(schema));
		if (rows[0]!.yes)
			throw new LaunchError(
				`A replay of ${schema} has not ended: start the shop on the log that it has, and wait for npm run stream -- lag to show its end.`
			);
	}
}

/** $1 published when or later, $2 that happened before. */
const unhandled = (schema: string) => `
	select min(occurred_at) as at from orders.events e
	where published_at >= $1 and occurred_at < $2 and not quiet
		and exists (select from ${schema}.position) and not exists (select from ${schema}.inbox where event_id = e.event_id)`;

/** The first event that the log has, that a consumer has not handled, and that a refill from this time on leaves out. */
export async function firstLeftOut(
	client: pg.Client,
	from: string,
	retentionMs: number
): Promise<Date | undefined> {
	const published = new Date(Date.now() - retentionMs);
	const found: number[] = [];
	for (const schema of consumerGroups) {
		const { rows } = await client.query<{ at: Date | null }>(unhandled(schema), [published, from]);
		if (rows[0]!.at) found.push(rows[0]!.at.getTime());
	}
	return found.length > 0 ? new Date(Math.min(...found)) : undefined;
}

/** `replay` stays: it has to grow on, because the rows of the inbox carry its numbers. */
const beginLog = (schema: string) => `
	update ${schema}.position set next_offset = 0, log_start = 0, log = last.log + 1, log_since = $1,
		lost_at = clock_timestamp(), replay_from = null, replay_until = null, replay_floor = null, replay_mode = null
	from (select max(log) as log from ${schema}.position) as last`;

const startRows = bulk({ topic: "text", partition: "int", offset: "bigint" });

/** Of topics that the consumer reads; the log may have more partitions than the one before. */
const beginPartitions = (schema: string) => `
	insert into ${schema}.position (topic, partition, next_offset, log, log_start, log_since, lost_at)
	select x.topic, x.partition, x."offset", p.log, x."offset", p.log_since, p.lost_at
	from ${startRows.as("x")} join (
		select distinct on (topic) topic, log, log_since, lost_at from ${schema}.position order by topic, partition
	) as p using (topic)
	on conflict (topic, partition) do update set next_offset = excluded.next_offset, log_start = excluded.log_start`;

/** The log in Postgres is not in use any more, or not yet: a later use begins with no message of this one. */
const emptyPostgresLog =
	"truncate streams.message, streams.member, streams.compaction, streams.partition, streams.topic";

const setKind = `
	insert into streams.event_log (kind) values ($1)
	on conflict (is_only) do update set kind = excluded.kind, since = clock_timestamp()`;

/**
 * Lets every consumer begin with the new log, in one transaction. A node that is started meanwhile waits for its end, and
 * then sees that its settings name another log. @throws LaunchError when one was started before
 */
export async function beginNewLog(
	client: pg.Client,
	{ kind, starts, since }: NewLog
): Promise<void> {
	await client.query("begin");
	await client.query("lock table streams.event_log in access exclusive mode");
	if (await hasServiceSessions(client))
		throw new LaunchError("A node of the shop was started meanwhile: stop it and run this again.");
	for (const schema of consumerGroups) {
		await client.query(beginLog(schema), [since]);
		await client.query(beginPartitions(schema), startRows.values(starts));
	}
	await restartWindows(client, starts);
	await client.query(emptyPostgresLog);
	await client.query(setKind, [kind]);
	await client.query("commit");
}

/** How far partitions of the old log were read would delay the windows, or end them too early. */
async function restartWindows(client: pg.Client, starts: readonly LogStart[]): Promise<void> {
	await client.query("delete from analytics.partitions");
	const extents = starts
		.filter(({ topic }) => topic === topics.orders)
		.map(({ partition, offset }) => ({ partition, first: offset, next: offset }));
	await client.query(recordExtents.text, [topics.orders, ...extentRows.values(extents)]);
}
