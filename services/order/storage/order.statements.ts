import { bulk } from "../../../lib/bulk.ts";
import type { Statement } from "../../../db/database.ts";
import { orderColumns } from "./order.record.ts";
import { isFree } from "../../../idempotency/request.statements.ts";

/** The SQL of the hot path: each statement serves all orders that wait at its step. */

/** Orders to place. Their statements have four parameters before them. */
export const placedRows = bulk(
	{
		id: "uuid",
		user_id: "text",
		key: "text",
		hash: "bytea",
		answer: "json",
		is_answered: "boolean",
		items: "jsonb",
		address: "jsonb",
		method: "text",
		currency: "text",
		subtotal: "bigint",
		shipping: "bigint",
		tax: "bigint",
		data: "jsonb",
		actor: "jsonb",
		trace: "text"
	},
	5
);

/**
 * $1 action, $2 node, $3 for how many ms it holds the leases, $4 how many orders a user may have open.
 * Order, items, saga, history, outbox and idempotency key in one transaction. Keys are inserted in their own
 * order, so that two batches cannot deadlock; an order whose key is taken is missing from the result. The placing
 * node holds the saga's lease from the start. Outcomes: `refused` is an order beyond the user's limit, `in_use` one
 * whose key another transaction has.
 */
const placement = (name: string, refusedOrders: string): Statement => ({
	name,
	beforeCommit: "order.create.before_commit",
	afterCommit: "order.create.after_commit",
	text: `
with instant as materialized (select clock_timestamp() as at),
asked as materialized (
	select *, ${isFree("user_id", "key")} as is_free from ${placedRows.as("x")}
),
${refusedOrders},
new_key as (
	insert into idempotency.request (principal, action, key, request_hash, subject, answer, is_answered, created_at)
	select user_id, $1, key, hash, id, answer, is_answered, at from asked, instant
	where is_free and id not in (select id from refused) order by user_id, key
	on conflict do nothing returning subject, created_at
),
accepted as materialized (
	select asked.*, created_at as at from asked join new_key on subject = id
),
placed as (
	insert into orders.orders (id, user_id, status, items, shipping_address, payment_method, currency,
		subtotal_minor, shipping_minor, tax_minor, total_minor, created_at, updated_at, traceparent, history_hash)
	select id, user_id, 'pending', items, address, method, currency, subtotal, shipping, tax, subtotal + shipping + tax, at, at, trace,
		orders.history_hash(null, id, 1, 'order.created', null, 'pending', null, actor, at, answer)
	from accepted
	returning id, user_id, created_at, history_hash
),
saga as (
	insert into orders.saga (order_id, user_id, step, lease_owner, lease_until)
	select id, user_id, 'forward', $2, now() + $3::int * interval '1 ms' from placed
),
history as (
	insert into orders.history (order_id, version, type, to_status, actor, at, snapshot, hash)
	select id, 1, 'order.created', 'pending', actor, at, answer, history_hash from accepted join placed using (id)
),
event as (
	insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at)
	select id, user_id, 1, 'order.created', data, at from accepted
)
select id, 'placed' as outcome, created_at, (select id from orders.incarnation) as incarnation from placed
union all
select id, 'refused', null, null from refused
union all
select id, 'in_use', null, null from asked where not is_free`
});

/** Refuses no order, with null for $4: a shop without a limit need not pay for one. */
export const placeOrders: Statement = placement(
	"place_orders",
	"refused as (select null::uuid as id where $4::int is not null)"
);

/**
 * An order whose key is already known is never refused; keys are only looked up if not all of a user's orders fit.
 * One key counts once. No `exists`, which a plan of an empty table answers by one look at all keys.
 */
export const placeOrdersWithinLimit: Statement = placement(
	"place_orders_within_limit",
	`counted as (
	select id, user_id, key, coalesce(open, 0) as open,
		coalesce(open, 0) + count(*) over (partition by user_id) > $4 as crowded
	from asked left join orders.open_orders(array(select distinct user_id from asked)) using (user_id)
	where is_free
),
compared as (
	select *, crowded and coalesce((select true from idempotency.request i
		where i.principal = user_id and i.key = counted.key), false) as known from counted
),
refused as materialized (
	select id from (
		select id, crowded and not known
			and open + dense_rank() over (partition by user_id, known order by key) > $4 as exceeds from compared
	) as ranked where exceeds
)`
);

/**
 * The reason says why an order has its status, so it changes with the status: an order that was in review and is
 * confirmed has none any more. Refunded, it still has the reason for which it was cancelled. Arguments are SQL
 * expressions.
 */
export const reasonAfter = (from: string, to: string, reason: string, before: string) =>
	`case when ${from} = ${to} or 'refunded' in (${from}, ${to}) then ${before} else ${reason} end`;

/** Transitions of orders under a lease. */
export const transitionRows = bulk({
	id: "uuid",
	fence: "bigint",
	src: "text",
	dst: "text",
	reason: "text",
	type: "text",
	data: "jsonb",
	actor: "jsonb",
	yields: "boolean",
	ends: "boolean",
	incarnation: "uuid",
	quiet: "boolean"
});

/**
 * Makes one transition of each order, fenced: only by the holder of the saga's current lease, and only if
 * Postgres has not crashed since its first step. A step that yields is refused if a cancellation is requested.
 * Data is the event's payload, null when it is not published. Sagas are locked in id order before any order row,
 * as in a cancellation, so there are no deadlocks.
 */
const advanceOrders: Statement = {
	name: "advance_orders",
	text: `
with asked as materialized (
	select * from ${transitionRows.as("x")}
),
present as materialized (
	select id from orders.incarnation
),
locked as materialized (
	select saga.order_id, saga.fence, saga.cancel_requested, saga.cancel_actor, saga.cancel_reason
	from orders.saga join asked on asked.id = saga.order_id and asked.fence = saga.fence
	order by saga.order_id for update of saga
),
allowed as materialized (
	select asked.id, asked.fence, src, dst, reason, type, data, quiet, ends, clock_timestamp() as at,
		case when reason = 'requested' then coalesce(cancel_actor, actor) else actor end as who,
		case when reason = 'requested' then coalesce(cancel_reason, reason) else reason end as why
	from asked join locked on order_id = id and locked.fence = asked.fence join present on present.id = incarnation
	where not (yields and cancel_requested)
),
moved as (
	update orders.orders o
	set status = a.dst, reason = ${reasonAfter("a.src", "a.dst", "a.reason", "o.reason")}, version = o.version + 1, updated_at = a.at,
		refund_reported_minor = o.refund_reported_minor + case a.dst when 'refunded'
			then coalesce((a.data->'refund'->'amount'->>'amount')::bigint, o.total_minor) else 0 end,
		limited_items = coalesce(a.data->'limited_items', o.limited_items),
		history_hash = orders.history_hash(o.history_hash, o.id, o.version + 1, a.type, a.src, a.dst, a.why, a.who, a.at,
			orders.moved(a.dst, ${reasonAfter("a.src", "a.dst", "a.reason", "o.reason")}, o.shipment))
	from allowed a where o.id = a.id and o.status = a.src
	returning o.id, a.fence, o.user_id, o.version, a.at, a.src, a.dst, a.why, a.who, a.type, a.data, a.quiet, a.ends,
		o.history_hash, orders.moved(o.status, o.reason, o.shipment) as snapshot
),
history as (
	insert into orders.history (order_id, version, type, from_status, to_status, reason, actor, at, snapshot, hash)
	select id, version, type, src, dst, why, who, at, snapshot, history_hash from moved
),
event as (
	insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at, quiet)
	select id, user_id, version, type, data, at, quiet from moved
),
refunding as (
	update orders.saga set step = 'refund' from moved where order_id = moved.id and dst = 'refund_pending'
),
returned as (
	update orders.returns r set status = 'completed', refunded_minor = (data->'return'->'refunded'->'amount')::bigint,
		updated_at = moved.at
	from moved where r.order_id = moved.id and r.status = 'approved' and dst = 'returned'
),
ended as (
	delete from orders.saga using moved where order_id = moved.id and ends
)
select asked.id, asked.fence, moved.version, moved.at as updated_at,
	case when moved.id is not null then 'done'
		when order_id is null then 'fenced'
		when present.id is null then 'restart'
		when cancel_requested and yields then 'cancel'
		else 'restart' end as outcome
from asked left join locked on order_id = asked.id and locked.fence = asked.fence
	left join present on present.id = incarnation
	left join moved on moved.id = asked.id and moved.fence = asked.fence`
};

/** An internal transition, to `payment_pending`. */
export const beginPayments: Statement = {
	...advanceOrders,
	beforeCommit: "order.begin_payment.before_commit",
	afterCommit: "order.begin_payment.after_commit"
};

/** A published transition. */
export const commitTransitions: Statement = {
	...advanceOrders,
	beforeCommit: "order.transition.before_commit",
	afterCommit: "order.transition.after_commit"
};

/** Sleeps of orders under a lease. */
export const sleepRows = bulk({
	id: "uuid",
	fence: "bigint",
	delay_ms: "int",
	waits_for: "text",
	error: "text"
});

/** Reschedules orders and releases their leases. */
export const rescheduleSagas: Statement = {
	name: "reschedule_sagas",
	beforeCommit: "order.reschedule.before_commit",
	afterCommit: "order.reschedule.after_commit",
	text: `
with asked as materialized (
	select * from ${sleepRows.as("x")}
),
locked as materialized (
	select saga.order_id, saga.fence from orders.saga join asked on id = saga.order_id and asked.fence = saga.fence
	order by saga.order_id for update of saga
)
update orders.saga s
set attempt = case when s.waits_for = asked.waits_for then s.attempt else 0 end + 1, lease_owner = null, lease_until = null, last_error = asked.error,
	waits_for = asked.waits_for, next_run_at = now() + delay_ms * interval '1 ms'
from asked join locked on order_id = id and locked.fence = asked.fence
where s.order_id = id
returning s.order_id`
};

/** Claims orders that are due, or whose lease has expired. */
export const claimSagas: Statement = {
	name: "claim_sagas",
	afterCommit: "order.claim.after_commit",
	text: `
with due as materialized (
	select order_id from orders.saga
	where next_run_at <= now() and (lease_until is null or lease_until < now())
	order by next_run_at limit $3 for update skip locked
),
claimed as (
	update orders.saga s
	set lease_owner = $1, lease_until = now() + $2::int * interval '1 ms', fence = s.fence + 1
	from due where s.order_id = due.order_id
	returning s.order_id, s.step, s.attempt, s.waits_for, s.fence, s.cancel_requested
)
select ${orderColumns("o")}, claimed.step, attempt, waits_for, fence, cancel_requested,
	case when claimed.step = 'return' then (select to_jsonb(r) from orders.returns r where r.order_id = o.id and r.status = 'approved') end
		as returning,
	o.traceparent, o.created_at < now() - interval '10 min' as overdue, (select id from orders.incarnation) as incarnation
from claimed join orders.orders o on o.id = claimed.order_id`
};

/** On a clean stop: releases the orders that this node still holds. */
export const releaseLeases: Statement = {
	name: "release_leases",
	text: `
with mine as materialized (
	select order_id from orders.saga where lease_owner = $1 order by order_id for update
)
update orders.saga set lease_owner = null, lease_until = null, next_run_at = now()
where order_id in (select order_id from mine)`
};

/** Sets the incarnation of Postgres if there is none: after the first start and after a crash. */
export const nameIncarnation: Statement = {
	name: "name_incarnation",
	text: "insert into orders.incarnation default values on conflict do nothing"
};
