import type { Ground } from "./verify.ts";

/**
 * One statement over the events of orders against what the windows add up to. What came too late is
 * counted apart, so of such a minute orders and money must add up, and buyers cannot. Only events
 * that were handled are asked about: the others are still on their way.
 */
const differences = `
with handled as (
	select e.*, date_trunc('minute', occurred_at, 'UTC') as minute, (payload->'total'->>'amount')::bigint as amount,
		(payload->'total'->>'currency')::bpchar as currency
	from orders.events e join analytics.inbox i using (event_id) where not quiet
),
truth as (
	select minute as window_start, currency, count(*) as orders, sum(amount) as revenue, count(distinct user_id) as users
	from handled where type = 'order.confirmed' group by 1, 2
),
late as (
	select window_start, currency, count(*) as orders, sum(amount_minor) as revenue
	from analytics.late_events where type = 'order.confirmed' group by 1, 2
),
kept as (
	select window_start, currency, coalesce(w.orders, 0) + coalesce(l.orders, 0) as orders,
		coalesce(w.revenue_minor, 0) + coalesce(l.revenue, 0) as revenue,
		case when l.orders is null then w.unique_users end as users
	from analytics.windows w full join late l using (window_start, currency)
),
found (window_start, currency, what) as (
	select window_start, currency, format('%s orders, the events say %s', coalesce(k.orders, 0), coalesce(t.orders, 0))
	from truth t full join kept k using (window_start, currency) where t.orders is distinct from k.orders
	union all
	select window_start, currency, format('revenue %s, the events say %s', k.revenue, t.revenue)
	from truth t join kept k using (window_start, currency) where t.revenue <> k.revenue
	union all
	select window_start, currency, format('%s buyers, the events say %s', k.users, t.users)
	from truth t join kept k using (window_start, currency) where t.users <> k.users
	union all
	select window_start, currency, format('told were %s orders, revenue %s, %s buyers, average %s in revision %s', r.orders,
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

/** Every minute against the events of orders, and what was told of it against what is kept. */
export async function* verify({ client }: Pick<Ground, "client">): AsyncGenerator<string> {
	const { rows } = await client.query<Found>(differences);
	for (const { minute, currency, what } of rows) yield `window ${minute} ${currency}: ${what}`;
}
