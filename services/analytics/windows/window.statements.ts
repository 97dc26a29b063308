import { bulk } from "../../../lib/bulk.ts";
import type { Statement } from "../../../db/database.ts";

/** SQL of the windows. Times are milliseconds since the epoch on both sides. */

const instant = (ms: string) => `to_timestamp(${ms} / 1000)`;
/** As `addCapped` adds: both terms are at most 2^53 - 1, so that their sum is a bigint. */
const capped = (sum: string) => `least(${sum}, ${Number.MAX_SAFE_INTEGER})`;
const ms = (at: string) => `(extract(epoch from ${at}) * 1000)::float8`;

/** Stores the progress of a partition. Returns the watermark, null before the first. */
export const recordProgress: Statement = {
	name: "analytics.store_progress",
	text: `
	insert into analytics.partitions as p (topic, partition, next_offset, end_offset, seen_until)
	values ($1, $2, $3, $4, ${instant("$5::float8")})
	on conflict (topic, partition) do update set next_offset = excluded.next_offset, end_offset = excluded.end_offset,
		seen_until = greatest(p.seen_until, excluded.seen_until), heard_at = clock_timestamp()
	returning (select ${ms("watermark")} from analytics.watermarks where topic = $1) as watermark`
};

const window = { start: "float8", currency: "bpchar" } as const;

export const windowRows = bulk({ ...window, orders: "int", revenue: "bigint" });
export const userRows = bulk({ ...window, user_id: "text" }, windowRows.next);
export const productRows = bulk(
	{ ...window, product_id: "text", orders: "int", units: "int", revenue: "bigint" },
	userRows.next
);

/**
 * The rows of windows, of their users and of their products. A user that is already there is not counted again. Returns
 * how many windows took them: one that is final does not.
 */
export const addSales: Statement = {
	name: "analytics.add_sales",
	text: `
	with joined as (
		insert into analytics.window_users (window_start, currency, user_id)
		select ${instant("start")}, currency, user_id
		from ${userRows.as("x")}
		order by 1, 2, 3
		on conflict do nothing
		returning window_start, currency
	), joint as (
		select window_start, currency, count(*) as users from joined group by 1, 2
	), windows as (
		insert into analytics.windows as w (window_start, currency, orders, revenue_minor, unique_users)
		select x.window_start, currency, x.orders, x.revenue, coalesce(users, 0) from (
			select ${instant("start")} as window_start, currency, orders, revenue
			from ${windowRows.as("x")}
		) as x left join joint using (window_start, currency)
		order by 1, 2
		on conflict (window_start, currency) do update set orders = w.orders + excluded.orders,
			revenue_minor = ${capped("w.revenue_minor + excluded.revenue_minor")},
			unique_users = w.unique_users + excluded.unique_users, dirty = true
			where not w.final
		returning 1
	), sold as (
		select ${instant("start")} as window_start, currency, product_id, orders, units, revenue
		from ${productRows.as("x")}
	), products as (
		insert into analytics.products (id) select distinct product_id from sold order by 1 on conflict do nothing
	), product_sales as (
		insert into analytics.product_sales as p (window_start, currency, product_id, orders, units, revenue_minor)
		select * from sold
		order by 1, 2, 3
		on conflict (window_start, currency, product_id) do update set orders = p.orders + excluded.orders,
			units = p.units + excluded.units, revenue_minor = ${capped("p.revenue_minor + excluded.revenue_minor")}
	)
	select count(*)::int as taken from windows`
};

export const reversalRows = bulk({ ...window, type: "text", orders: "int", amount: "bigint" });

export const addReversals: Statement = {
	name: "analytics.reverse",
	text: `
	insert into analytics.reversals as r (window_start, currency, type, orders, amount_minor)
	select ${instant("start")}, currency, type, orders, amount
	from ${reversalRows.as("x")}
	order by 1, 2, 3
	on conflict (window_start, currency, type) do update
		set orders = r.orders + excluded.orders, amount_minor = ${capped("r.amount_minor + excluded.amount_minor")}`
};

/** Late events, and the messages about them. */
export const lateRows = bulk({
	id: "uuid",
	type: "text",
	...window,
	amount: "bigint",
	key: "text",
	value: "text"
});

/** Stores events that came too late for their windows, and publishes them on a topic of their own. */
export const insertLateEvents: Statement = {
	name: "analytics.store_late",
	text: `
	with late as materialized (
		select * from ${lateRows.as("x")}
	), stored as (
		insert into analytics.late_events (event_id, type, window_start, currency, amount_minor)
		select id, type, ${instant("start")}, currency, amount from late
	)
	insert into analytics.outbox (topic, key, value)
	select 'analytics-late', key, value from late`
};

/** $1 since when: resets the windows. Their rows stay, so that revisions keep growing. */
export const resetWindowsFrom: Statement = {
	name: "analytics.reset_windows",
	text: `select analytics.reset_windows(${instant("$1::float8")})`
};

/** One emitter at a time, until its transaction ends. */
export const acquireEmitterLock: Statement = {
	name: "analytics.acquire_emitter_lock",
	text: "select pg_try_advisory_xact_lock(hashtext('analytics'), hashtext($1)) as mine"
};

export const extentRows = bulk({ partition: "int", first: "bigint", next: "bigint" }, 2);

/**
 * $1 topic, then the first and next offset of each partition of the log. Adds unknown partitions, and moves past
 * expired messages, which will not arrive.
 */
export const recordExtents: Statement = {
	name: "analytics.store_extents",
	text: `
	insert into analytics.partitions as p (topic, partition, next_offset, end_offset)
	select $1, x.* from ${extentRows.as("x")} order by partition
	on conflict (topic, partition) do update set end_offset = excluded.end_offset,
			next_offset = greatest(p.next_offset, excluded.next_offset)
		where p.end_offset <> excluded.end_offset or p.next_offset < excluded.next_offset`
};

export const readPartitions: Statement = {
	name: "analytics.read_partitions",
	text: `
	select ${ms("seen_until")} as "seenUntil", end_offset - next_offset as lag, ${ms("heard_at")} as "heardAt",
		${ms("clock_timestamp()")} as now
	from analytics.partitions where topic = $1`
};

export const moveWatermark: Statement = {
	name: "analytics.move_watermark",
	text: `
	insert into analytics.watermarks as w (topic, watermark) values ($1, ${instant("$2::float8")})
	on conflict (topic) do update set watermark = greatest(w.watermark, excluded.watermark)
	returning ${ms("watermark")} as watermark, ${ms("clock_timestamp()")} as now`
};

/**
 * Windows that end by $1 and have changed, or end by $2 and are not final. Skips those that were emitted less
 * than $3 ms ago, those that are being updated, and those that a replay is rebuilding.
 */
export const dueWindows: Statement = {
	name: "analytics.due_windows",
	text: `
	select ${ms("window_start")} as start, currency, orders, revenue_minor as revenue, unique_users as users, revision,
		dirty, ${ms("emitted_at")} as "emittedAt", final, (
			select json_build_object('orders', r.orders, 'revenue', r.revenue_minor, 'users', r.unique_users,
				'revision', r.revision, 'final', r.final)
			from analytics.results r where r.window_start = w.window_start and r.currency = w.currency) as emitted
	from analytics.windows w
	where (dirty or not final) and window_start <= ${instant("$1::float8")}
		and (dirty or window_start <= ${instant("$2::float8")})
		and (emitted_at is null or emitted_at <= clock_timestamp() - $3 * interval '1 ms')
		and not exists (
			select from analytics.position p
			where p.replay_mode = 'again' and p.replay_until > p.next_offset and p.replay_floor <= window_start)
	order by window_start, currency limit $4
	for update skip locked`
};

/** Results, and the messages that publish them. */
export const resultRows = bulk({
	...window,
	orders: "int",
	revenue: "bigint",
	users: "int",
	average: "bigint",
	revision: "int",
	final: "boolean",
	key: "text",
	value: "text"
});

export const emitWindows: Statement = {
	name: "analytics.emit_windows",
	text: `
	with emitted as materialized (
		select ${instant("start")} as window_start, x.* from ${resultRows.as("x")}
	), windows as (
		update analytics.windows w set revision = e.revision, final = e.final, dirty = false, emitted_at = clock_timestamp()
		from emitted e where w.window_start = e.window_start and w.currency = e.currency
	), messages as (
		insert into analytics.outbox (topic, key, value)
		select 'analytics-results', key, value from emitted
	)
	insert into analytics.results as r
		(window_start, currency, orders, revenue_minor, unique_users, average_minor, revision, final)
	select window_start, currency, orders, revenue, users, average, revision, final from emitted
	order by window_start, currency
	on conflict (window_start, currency) do update set orders = excluded.orders, revenue_minor = excluded.revenue_minor,
		unique_users = excluded.unique_users, average_minor = excluded.average_minor, revision = excluded.revision,
		final = excluded.final, seq = excluded.seq, emitted_at = excluded.emitted_at`
};

/**
 * Deletes the users of the oldest minute, an hour after its windows became final: concurrent transactions that
 * updated them have long ended.
 */
export const purgeWindowUsers: Statement = {
	name: "analytics.forget_users",
	text: `
	delete from analytics.window_users u
	where window_start = (select min(window_start) from analytics.window_users) and not exists (
		select from analytics.windows w where w.window_start = u.window_start
			and (dirty or not final or emitted_at > clock_timestamp() - interval '1 hour'))`
};
