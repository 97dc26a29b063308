import type { Statement } from "../../../db/database.ts";

/** The SQL of the hot path: each statement serves all orders that wait at its step. */

/**
 * Order, items, saga, history, outbox and idempotency answer in one transaction. Keys are inserted
 * in their own order, so that two batches cannot wait for each other; a key that is taken leaves
 * its order out of the answer. The placing node holds the saga's lease from birth.
 * One that a user has open too many is answered without a time.
 */
const placement = (name: string, refused: string): Statement => ({
	name,
	beforeCommit: "order.create.before_commit",
	afterCommit: "order.create.after_commit",
	text: `
with t as materialized (select clock_timestamp() as at),
x as materialized (
	select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::json[], $6::jsonb[], $7::jsonb[],
		$8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::jsonb[], $14::jsonb[], $18::text[])
		as x(id, user_id, key, hash, answer, items, address, method, currency, subtotal, shipping, tax, data, actor, trace)
),
${refused},
k as (
	insert into orders.idempotency (principal, route, key, request_hash, order_id, answer, created_at)
	select user_id, $15, key, hash, id, answer, at from x, t where id not in (select id from r) order by user_id, key
	on conflict do nothing returning order_id, created_at
),
n as materialized (
	select x.*, k.created_at as at from x join k on k.order_id = x.id
),
o as (
	insert into orders.orders (id, user_id, status, items, shipping_address, payment_method, currency,
		subtotal_minor, shipping_minor, tax_minor, total_minor, created_at, updated_at, traceparent, history_hash)
	select id, user_id, 'pending', items, address, method, currency, subtotal, shipping, tax, subtotal + shipping + tax, at, at, trace,
		orders.history_hash(null, id, 1, 'order.created', null, 'pending', null, actor, at, answer)
	from n
	returning id, user_id, created_at, history_hash
),
s as (
	insert into orders.saga (order_id, user_id, step, lease_owner, lease_until)
	select id, user_id, 'forward', $16, now() + $17::int * interval '1 ms' from o
),
h as (
	insert into orders.history (order_id, version, type, to_status, actor, at, snapshot, hash)
	select id, 1, 'order.created', 'pending', actor, at, answer, history_hash from n join o using (id)
),
b as (
	insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at)
	select id, user_id, 1, 'order.created', data, at from n
)
select id, created_at, (select id from orders.incarnation) as incarnation from o
union all
select id, null, null from r`
});

/** Refuses nobody: for shops without a limit, which need not pay for one. */
export const placeOrders: Statement = placement(
	"place_orders",
	"r as (select null::uuid as id where false)"
);

/**
 * $19 is how many orders a user may have open. An order whose key is known already is never one too
 * many; that is looked up only where not all of a user's orders fit. One key counts once.
 */
export const placeOrdersWithinLimit: Statement = placement(
	"place_orders_within_limit",
	`c as (
	select x.id, x.user_id, x.key, coalesce(open, 0) as open,
		coalesce(open, 0) + count(*) over (partition by user_id) > $19 as crowded
	from x left join orders.open_orders(array(select distinct user_id from x)) using (user_id)
),
d as (
	select *, crowded and exists (select from orders.idempotency i
		where i.principal = user_id and i.route = $15 and i.key = c.key) as known from c
),
r as materialized (
	select id from (
		select id, crowded and not known
			and open + dense_rank() over (partition by user_id, known order by key) > $19 as refused from d
	) as ranked where refused
)`
);

/**
 * Moves orders one step on, fenced: only the holder of the saga's present lease may, and only while
 * no crash of Postgres lies between its first step and this one. A step that yields gives way to a
 * wish to cancel. Data is the event's payload, null when it is not published.
 * Sagas are locked in id order before any order row, as cancelling does, so nothing can deadlock.
 */
const advanceOrders: Statement = {
	name: "advance_orders",
	text: `
with x as materialized (
	select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
		$8::jsonb[], $9::boolean[], $10::boolean[], $11::uuid[], $12::boolean[])
		as x(id, fence, src, dst, reason, type, data, actor, yields, ends, incarnation, quiet)
),
i as materialized (
	select id from orders.incarnation
),
s as materialized (
	select saga.order_id, saga.fence, saga.cancel_requested, saga.cancel_actor, saga.cancel_reason
	from orders.saga join x on x.id = saga.order_id and x.fence = saga.fence
	order by saga.order_id for update of saga
),
n as materialized (
	select x.id, x.fence, src, dst, reason, type, data, quiet, ends, clock_timestamp() as at,
		case when reason = 'requested' then coalesce(cancel_actor, actor) else actor end as who,
		case when reason = 'requested' then coalesce(cancel_reason, reason) else reason end as why
	from x join s on s.order_id = x.id and s.fence = x.fence join i on i.id = x.incarnation
	where not (yields and cancel_requested)
),
o as (
	update orders.orders t
	set status = n.dst, reason = coalesce(n.reason, t.reason), version = t.version + 1, updated_at = n.at,
		history_hash = orders.history_hash(t.history_hash, t.id, t.version + 1, n.type, n.src, n.dst, n.why, n.who, n.at,
			orders.moved(n.dst, coalesce(n.reason, t.reason), t.shipment))
	from n where t.id = n.id and t.status = n.src
	returning t.id, n.fence, t.user_id, t.version, n.at, n.src, n.dst, n.why, n.who, n.type, n.data, n.quiet, n.ends,
		t.history_hash, orders.moved(t.status, t.reason, t.shipment) as snapshot
),
h as (
	insert into orders.history (order_id, version, type, from_status, to_status, reason, actor, at, snapshot, hash)
	select id, version, type, src, dst, why, who, at, snapshot, history_hash from o
),
b as (
	insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at, quiet)
	select id, user_id, version, type, data, at, quiet from o
),
r as (
	update orders.saga set step = 'refund' from o where saga.order_id = o.id and o.dst = 'refund_pending'
),
q as (
	update orders.returns q set status = 'completed', refunded_minor = (o.data->'return'->'refunded'->'amount')::bigint, updated_at = o.at
	from o where q.order_id = o.id and q.status = 'approved' and o.dst = 'returned'
),
d as (
	delete from orders.saga using o where saga.order_id = o.id and o.ends
)
select x.id, x.fence, o.version, o.at as updated_at,
	case when o.id is not null then 'done'
		when s.order_id is null then 'fenced'
		when i.id is null then 'restart'
		when s.cancel_requested and x.yields then 'cancel'
		else 'restart' end as outcome
from x left join s on s.order_id = x.id and s.fence = x.fence
	left join i on i.id = x.incarnation
	left join o on o.id = x.id and o.fence = x.fence`
};

/** A step nobody hears of, which begins the payment. */
export const beginPayments: Statement = {
	...advanceOrders,
	beforeCommit: "order.begin_payment.before_commit",
	afterCommit: "order.begin_payment.after_commit"
};

/** A step that is told to the world. */
export const commitTransitions: Statement = {
	...advanceOrders,
	beforeCommit: "order.transition.before_commit",
	afterCommit: "order.transition.after_commit"
};

/** Puts orders to sleep and lets go of their leases. */
export const rescheduleSagas: Statement = {
	name: "reschedule_sagas",
	beforeCommit: "order.reschedule.before_commit",
	afterCommit: "order.reschedule.after_commit",
	text: `
with x as materialized (
	select * from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[])
		as x(id, fence, delay_ms, waits_for, error)
),
l as materialized (
	select saga.order_id, saga.fence from orders.saga join x on x.id = saga.order_id and x.fence = saga.fence
	order by saga.order_id for update of saga
)
update orders.saga s
set attempt = s.attempt + 1, lease_owner = null, lease_until = null, last_error = x.error, waits_for = x.waits_for,
	next_run_at = now() + x.delay_ms * interval '1 ms'
from x join l on l.order_id = x.id and l.fence = x.fence
where s.order_id = x.id
returning s.order_id`
};

/** Takes over orders that sleep no longer, or whose node has not been heard of. */
export const claimSagas: Statement = {
	name: "claim_sagas",
	afterCommit: "order.claim.after_commit",
	text: `
with due as materialized (
	select order_id from orders.saga
	where next_run_at <= now() and (lease_until is null or lease_until < now())
	order by next_run_at limit $3 for update skip locked
),
c as (
	update orders.saga s
	set lease_owner = $1, lease_until = now() + $2::int * interval '1 ms', fence = s.fence + 1
	from due where s.order_id = due.order_id
	returning s.order_id, s.step, s.attempt, s.fence, s.cancel_requested
)
select o.*, c.step, c.attempt, c.fence, c.cancel_requested,
	case when c.step = 'return' then (select to_jsonb(r) from orders.returns r where r.order_id = o.id and r.status = 'approved') end
		as returning,
	o.created_at < now() - interval '10 min' as overdue, (select id from orders.incarnation) as incarnation
from c join orders.orders o on o.id = c.order_id`
};

/** On a clean stop: what this node still holds may be taken over at once. */
export const releaseLeases: Statement = {
	name: "release_leases",
	text: `
with mine as materialized (
	select order_id from orders.saga where lease_owner = $1 order by order_id for update
)
update orders.saga set lease_owner = null, lease_until = null, next_run_at = now()
where order_id in (select order_id from mine)`
};

/** Names the present run of Postgres, where it has none: after the first start and after a crash. */
export const nameIncarnation: Statement = {
	name: "name_incarnation",
	text: "insert into orders.incarnation default values on conflict do nothing"
};
