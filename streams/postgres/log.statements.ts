import { bulk } from "../../lib/bulk.ts";
import type { Statement } from "../../db/database.ts";

/** The SQL of the log in Postgres. */

export const createTopics: Statement = {
	name: "streams.create_topics",
	text: `
with spec as (
	select * from jsonb_to_recordset($1) as s(name text, partitions int, cleanup text, retention bigint)
),
made as (
	insert into streams.topic (name, cleanup, retention_ms) select name, cleanup, retention from spec
	on conflict do nothing returning name
),
parts as (
	insert into streams.partition (topic, partition)
	select name, n from spec join made using (name), generate_series(0, spec.partitions - 1) as n
	returning topic, partition
)
insert into streams.compaction (topic, partition)
select topic, partition from parts join spec on name = topic where cleanup = 'compact'`
};

export const countPartitions: Statement = {
	name: "streams.count_partitions",
	text: "select count(*)::int as count from streams.partition where topic = $1"
};

export const messageRows = bulk(
	{ partition: "int", key: "text", value: "bytea", headers: "jsonb" },
	2
);

/**
 * $1 topic, then the messages. Returns how many were stored; listeners are notified at the commit. Times ascend with
 * the positions, also when the clock steps back: `offsetsAt` relies on it. After a step of more than a day the clock is
 * believed again, so that messages of a clock that was years ahead do not keep all later ones from expiring.
 */
export const append: Statement = {
	name: "streams.append",
	text: `
with asked as materialized (
	select * from ${messageRows.unnest} with ordinality as m(${messageRows.columns}, n)
),
locked as materialized (
	select partition from streams.partition where topic = $1 and partition in (select partition from asked)
	order by partition for update
),
moved as (
	update streams.partition p set next_offset = p.next_offset + c.count,
		last_at = case when p.last_at < clock_timestamp() + interval '1 day'
			then greatest(clock_timestamp(), p.last_at + interval '1 us')
			else clock_timestamp() end + (c.count - 1) * interval '1 us'
	from (select partition, count(*) from asked join locked using (partition) group by 1) as c
	where p.topic = $1 and p.partition = c.partition
	returning p.partition, p.next_offset - c.count as base, p.last_at - (c.count - 1) * interval '1 us' as first_at
),
stored as (
	insert into streams.message (topic, partition, position, key, value, headers, at)
	select $1, partition, base + nth, key, value, headers, first_at + nth * interval '1 us' from (
		select *, row_number() over (partition by partition order by n) - 1 as nth
		from asked join moved using (partition)
	) as numbered
	returning 1
)
select (select count(*)::int from stored) as count, pg_notify('streams', $1)`
};

/**
 * $1 topic, $2 partition, $3 offset, $4 how many, $5 bytes: no more than these together, and always the first one. One
 * row without a message if there is none.
 */
export const fetch: Statement = {
	name: "streams.fetch",
	text: `
select p.next_offset::text as "end", m.position::text, m.key, m.value, m.headers, m.at
from streams.partition p left join lateral (
	select * from (
		select m.*, sum(octet_length(value)) over (order by position) as bytes,
			row_number() over (order by position) as n
		from streams.message m where m.topic = p.topic and m.partition = p.partition and m.position >= $3
		order by position limit $4
	) as m where bytes <= $5::bigint or n = 1
) as m on true
where p.topic = $1 and p.partition = $2
order by m.position`
};

export const extents: Statement = {
	name: "streams.extents",
	text: `
select partition, next_offset::text as next, coalesce((select min(position) from streams.message m
	where m.topic = p.topic and m.partition = p.partition), next_offset)::text as first
from streams.partition p where topic = $1 order by partition`
};

/**
 * $1 topic, $2 time. Times ascend with the positions, so the first message by time is the first one by position, which
 * `min(position)` would search for from the beginning of the partition. Only those that a clock far ahead has left (see
 * `append`) have times after the last one's; `order by at offset 0` has them found by time too.
 */
export const offsetsAt: Statement = {
	name: "streams.offsets_at",
	text: `
select partition, coalesce(least(
	(select position from streams.message m where m.topic = p.topic and m.partition = p.partition and m.at >= $2
		order by at, position limit 1),
	(select min(position) from (select position from streams.message m where m.topic = p.topic
		and m.partition = p.partition and m.at > greatest(p.last_at, $2 - interval '1 us') order by at offset 0) as ahead)
	), next_offset)::text as next
from streams.partition p where topic = $1`
};

/** Heartbeat of this member; removes members without one for 5 s, except one whose heartbeat is under way. */
export const join: Statement = {
	name: "streams.join",
	text: `
with gone as (
	delete from streams.member where ctid = any (array(
		select ctid from streams.member
		where consumer_group = $1 and id <> $2 and seen_at < clock_timestamp() - interval '5 s'
		for update skip locked))
	returning pid
)
insert into streams.member (consumer_group, id, topics, pid) values ($1, $2, $3, pg_backend_pid())
on conflict (consumer_group, id) do update set seen_at = clock_timestamp(), pid = excluded.pid
returning array(select pid from gone) as gone`
};

export const leave: Statement = {
	name: "streams.leave",
	text: "delete from streams.member where consumer_group = $1 and id = $2"
};

/** Every partition that the group's members want, with those members, in the same order for all. */
export const wanted: Statement = {
	name: "streams.wanted",
	text: `
select p.topic, p.partition, array_agg(m.id order by m.id) as members
from streams.partition p join streams.member m on m.consumer_group = $1 and p.topic = any (m.topics)
group by 1, 2 order by 1, 2`
};

/** A session without heartbeats still holds its locks; its own role may end it. */
export const evict: Statement = {
	name: "streams.evict",
	text: `
select pg_terminate_backend(pid) from pg_stat_activity
where pid = any ($1::int[]) and usename = current_user`
};

export const lock: Statement = {
	name: "streams.lock",
	text: "select pg_try_advisory_lock(hashtext($1 || ' ' || $2), $3) as locked"
};

export const unlock: Statement = {
	name: "streams.unlock",
	text: "select pg_advisory_unlock(hashtext($1 || ' ' || $2), $3)"
};

/** Every partition with its topic's retention. Writes nothing: members that did would wait for each other. */
export const retainedPartitions: Statement = {
	name: "streams.kept",
	text: `
select topic, partition, cleanup, retention_ms as retention
from streams.partition join streams.topic on name = topic order by 1, 2`
};

/**
 * $1 topic, $2 partition, $3 retention in ms, $4 start time, $5 how many: removes the oldest. Uses now(), because
 * an index cannot be searched by clock_timestamp(); and ctid, so that no plan scans every row.
 */
export const expire: Statement = {
	name: "streams.expire",
	text: `
with old as materialized (
	select ctid, at from streams.message
	where topic = $1 and partition = $2 and at >= $4::timestamptz and at < now() - $3 * interval '1 ms'
	order by at limit $5 for update skip locked
),
gone as (
	delete from streams.message where ctid = any (array(select ctid from old))
)
select count(*)::int as count, max(at)::text as at from old`
};

/**
 * $1 topic, $2 partition, $3 how many: reads the next messages, and removes earlier ones with the same
 * keys. A concurrent member has the partition's row locked, so this finds nothing then. After the loss of a log,
 * it starts at its beginning. Rows are compared and ordered as in the index by keys: before the first analyze,
 * the index by positions seems as good, and would read all of the partition for each key.
 */
export const compact: Statement = {
	name: "streams.compact",
	text: `
with mine as materialized (
	select case when c.next_offset <= p.next_offset then c.next_offset else 0 end as start
	from streams.compaction c join streams.partition p using (topic, partition)
	where topic = $1 and partition = $2 for update of c skip locked
),
page as materialized (
	select key, position from streams.message
	where topic = $1 and partition = $2 and position >= (select start from mine)
	order by position limit $3
),
gone as (
	delete from streams.message where ctid = any (array(
		select unnest(array(select m.ctid from streams.message m where m.topic = $1 and m.partition = $2
			and (m.key, m.position) >= (page.key, 0) and (m.key, m.position) < (page.key, page.position)
			order by m.key, m.position))
		from page))
),
moved as (
	update streams.compaction set next_offset = (select max(position) + 1 from page)
	where topic = $1 and partition = $2 and exists (select from page)
)
select count(*)::int as count from page`
};
