import type { VerifyContext } from "./verifier.ts";

/** Windows have no larger sums. */
const mostRevenue = Number.MAX_SAFE_INTEGER;

/**
 * Compares one statement over the order events with the windows. Late events are counted separately, so of
 * a minute with late events only orders and revenue can be compared, not users. Only handled events are
 * compared; for the others see below.
 */
const differences = `
with handled as (
	select e.*, date_trunc('minute', occurred_at, 'UTC') as minute, (payload->'total'->>'amount')::bigint as amount,
		(payload->'total'->>'currency')::bpchar as currency
	from orders.events e join analytics.inbox i using (event_id) where not quiet
),
truth as (
	select minute as window_start, currency, count(*) as orders, least(sum(amount), ${mostRevenue}) as revenue, count(distinct user_id) as users
	from handled where type = 'order.confirmed' group by 1, 2
),
late as (
	select window_start, currency, count(*) as orders, sum(amount_minor) as revenue
	from analytics.late_events where type = 'order.confirmed' group by 1, 2
),
kept as (
	select window_start, currency, coalesce(w.orders, 0) + coalesce(l.orders, 0) as orders,
		least(coalesce(w.revenue_minor, 0) + coalesce(l.revenue, 0), ${mostRevenue}) as revenue,
		case when l.orders is null then w.unique_users end as users
	from analytics.windows w full join late l using (window_start, currency)
),
found (window_start, currency, what) as (
	select window_start, currency, format('%s orders, the events say %s', coalesce(k.orders, 0), coalesce(t.orders, 0))
	from truth t full join kept k using (window_start, currency) where coalesce(t.orders, 0) <> coalesce(k.orders, 0)
	union all
	select window_start, currency, format('revenue %s, the events say %s', k.revenue, t.revenue)
	from truth t join kept k using (window_start, currency) where t.revenue <> k.revenue
	union all
	select window_start, currency, format('%s buyers, the events say %s', k.users, t.users)
	from truth t join kept k using (window_start, currency) where t.users <> k.users
	union all
	select window_start, currency, format('the emitted result says %s orders, revenue %s, %s buyers, average %s in revision %s', r.orders,
		r.revenue_minor, r.unique_users, r.average_minor, r.revision)
	from analytics.windows w full join analytics.results r using (window_start, currency)
	where coalesce(w.revision > 0 and not w.dirty, true) and ((r.orders, r.revenue_minor, r.unique_users, r.revision)
		is distinct from (w.orders, w.revenue_minor, w.unique_users, w.revision)
		or abs(r.revenue_minor::numeric / greatest(r.orders, 1) - r.average_minor) > 0.5)
)
select to_char(window_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') as minute, currency, what
from found order by window_start, currency, what`;

interface Found {
	minute: string;
	currency: string;
	what: string;
}

/** An unhandled event this old is reported. */
const backlogGrace = "10 minutes";

/** Published events without an effect: neither waiting for long nor dead-lettered is acceptable. */
const unhandled = `
select e.event_id as id, e.type, e.order_id, to_char(e.published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as published,
	exists (select from analytics.dead_letter d where redriven_at is null
		and position(convert_to(e.event_id::text, 'UTF8') in d.value) > 0) as dead_lettered
from orders.events e
where not quiet and published_at < now() - interval '${backlogGrace}'
	and not exists (select from analytics.inbox i where i.event_id = e.event_id)
order by published_at, id`;

interface Unhandled {
	id: string;
	type: string;
	order_id: string;
	published: string;
	dead_lettered: boolean;
}

/** Compares every window with the order events, and every emitted result with its window. */
export async function* verify({ client }: Pick<VerifyContext, "client">): AsyncGenerator<string> {
	const { rows } = await client.query<Found>(differences);
	for (const { minute, currency, what } of rows) yield `window ${minute} ${currency}: ${what}`;
	const missing = await client.query<Unhandled>(unhandled);
	for (const { id, type, order_id, published, dead_lettered: deadLettered } of missing.rows) {
		const where = deadLettered ? "dead-lettered" : "never handled";
		yield `event ${id} (${type} of order ${order_id}), published ${published}: ${where}`;
	}
}
