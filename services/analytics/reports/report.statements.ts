import type { Statement } from "../../../db/database.ts";

/** Queries over the windows. $1 and $2 are the range, $3 a currency or null for all. */

const span = `window_start >= to_timestamp($1::float8 / 1000) and window_start < to_timestamp($2::float8 / 1000)
		and ($3::bpchar is null or currency = $3)`;

/** A sum of money is at most 2^53 - 1, as in the windows. */
const sumOf = (column: string) => `least(sum(${column}), ${Number.MAX_SAFE_INTEGER})::int8`;

/** Of the database: the clocks of nodes differ, and the windows were counted by none of them. */
export const readClock: Statement = {
	name: "analytics.read_clock",
	text: "select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now"
};

export const readWatermark: Statement = {
	name: "analytics.read_watermark",
	text: `select (extract(epoch from watermark) * 1000)::float8 as watermark
		from analytics.watermarks where topic = $1 and watermark > to_timestamp(0)`
};

/**
 * $1 the last known event, $2 how many. One emitter at a time assigns numbers, and holds its lock until it has
 * committed: numbers become visible in order, so no reader misses one.
 */
export const listChanges: Statement = {
	name: "analytics.list_changes",
	text: `
	select seq as id, (extract(epoch from window_start) * 1000)::float8 as start, currency, orders, revenue_minor as revenue,
		unique_users as users, average_minor as average, revision, final
	from analytics.results where seq > $1 order by seq limit $2`
};

export const lastChange: Statement = {
	name: "analytics.last_change",
	text: "select coalesce(max(seq), 0)::int8 as last from analytics.results"
};

/** $4 and $5: the window after which the page begins, or null. */
export const listResults: Statement = {
	name: "analytics.list_results",
	text: `
	select (extract(epoch from window_start) * 1000)::float8 as start, currency, orders, revenue_minor as revenue,
		unique_users as users, average_minor as average, revision, final
	from analytics.results
	where ${span} and ($4::float8 is null or (window_start, currency) > (to_timestamp($4 / 1000), $5::bpchar))
	order by window_start, currency limit $6`
};

export const sumWindows: Statement = {
	name: "analytics.sum_windows",
	text: `select currency, sum(orders)::int8 as orders, ${sumOf("revenue_minor")} as revenue
		from analytics.windows where ${span} group by currency`
};

export const sumReversals: Statement = {
	name: "analytics.sum_reversals",
	text: `select currency, type, sum(orders)::int8 as orders, ${sumOf("amount_minor")} as amount
		from analytics.reversals where ${span} group by currency, type`
};

/** $4 how many of each currency. */
export const sumCategories: Statement = {
	name: "analytics.sum_categories",
	text: `
	with sold as (
		select currency, category, sum(units)::int8 as units, ${sumOf("s.revenue_minor")} as revenue
		from analytics.product_sales s join analytics.products p on p.id = s.product_id
		where ${span} group by currency, category
	), ranked as (
		select *, row_number() over (partition by currency order by revenue desc, category) as place from sold
	)
	select currency, category, units, revenue from ranked where place <= $4 order by currency, place`
};

export const countLate: Statement = {
	name: "analytics.count_late",
	text: `select count(*) as late from analytics.late_events where ${span}`
};

/** $4 the ranking criterion, $5 how many of each currency. */
export const rankProducts: Statement = {
	name: "analytics.rank_products",
	text: `
	with sold as (
		select currency, product_id, sum(orders)::int8 as orders, sum(units)::int8 as units,
			${sumOf("revenue_minor")} as revenue
		from analytics.product_sales where ${span} group by currency, product_id
	), ranked as (
		select *, row_number() over (partition by currency
			order by case $4 when 'units' then units else revenue end desc, product_id) as place from sold
	)
	select product_id, name, category, currency, orders, units, revenue
	from ranked join analytics.products p on p.id = product_id
	where place <= $5 order by currency, place`
};
