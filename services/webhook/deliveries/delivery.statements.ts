import type { Statement } from "../../../db/database.ts";
import { bulk } from "../../../lib/bulk.ts";
import { probedFrom } from "../webhook.decisions.ts";
import { keptDays } from "./delivery-row.ts";

export const outgoingRows = bulk(
	{ event_id: "uuid", event_type: "text", occurred_at: "timestamptz", body: "text" },
	2
);

/**
 * Of a delivery that is requested again: its attempts are counted from 0. A node that is sending it goes on, and \`settle\`
 * sees the request.
 */
const requestedAgain = `
	redeliveries = d.redeliveries + 1,
	attempts = case when d.lease_until > clock_timestamp() then d.attempts else 0 end,
	due_at = case when d.lease_until > clock_timestamp() then d.due_at else clock_timestamp() end,
	state = 'pending', updated_at = clock_timestamp()`;

/** $1 whether the events are handled once more: then to endpoints that are newer than they are too. */
export const plan: Statement = {
	name: "webhook.delivery_plan",
	text: `
	insert into webhook.delivery as d (endpoint_id, event_id, event_type, occurred_at, body)
	select e.id, x.event_id, x.event_type, x.occurred_at, x.body
	from ${outgoingRows.as("x")}
	join webhook.endpoint e on x.event_type = any (e.event_types)
	where e.enabled and e.removed_at is null and ($1 or x.occurred_at >= e.active_since)
	order by e.id, x.event_id
	on conflict (endpoint_id, event_id) do update set ${requestedAgain} where $1`
};

const columns = `d.id, d.endpoint_id as webhook_id, d.event_id, d.event_type, d.state, d.attempts, d.redeliveries, d.due_at,
	d.last_status, d.last_error, d.occurred_at, d.created_at, d.delivered_at`;

export const now: Statement = {
	name: "webhook.delivery_now",
	text: "select clock_timestamp() as now"
};

/** $1 endpoint, $2 event, $3 its time, $4 body. */
export const ping: Statement = {
	name: "webhook.delivery_plan_ping",
	text: `
	insert into webhook.delivery as d (endpoint_id, event_id, event_type, occurred_at, body)
	values ($1, $2, 'webhook.ping', $3, $4) returning ${columns}`
};

/**
 * $1 lease in ms, $2 how many of one endpoint, $3 and $4 what this node is sending. now(), because an index cannot be
 * searched by clock_timestamp().
 */
export const claim: Statement = {
	name: "webhook.delivery_claim",
	text: `
	with due as materialized (
		select d.id, e.url, e.failures,
			e.secret || case when e.former_secrets_until > now() then e.former_secrets else '{}' end as secrets
		from webhook.endpoint e
		left join unnest($3::uuid[], $4::int[]) as busy(id, sending) on busy.id = e.id
		cross join lateral (
			select id from webhook.delivery
			where endpoint_id = e.id and state = 'pending' and due_at <= now() order by due_at
			limit greatest(0, case when e.failures < ${probedFrom} then $2::int else 1 end - coalesce(busy.sending, 0))
			for update skip locked
		) as d
		where e.enabled and e.removed_at is null and (e.paused_until is null or e.paused_until <= now())
	)
	update webhook.delivery d set due_at = clock_timestamp() + $1::int * interval '1 ms',
		lease_until = clock_timestamp() + $1::int * interval '1 ms', fence = d.fence + 1, attempts = d.attempts + 1
	from due where d.id = due.id
	returning d.id, d.endpoint_id, d.event_id, d.body, d.attempts, d.redeliveries, d.fence, due.url, due.secrets, due.failures,
		clock_timestamp() as claimed_at`
};

export const settledRows = bulk({
	id: "uuid",
	fence: "int",
	redeliveries: "int",
	state: "text",
	in_ms: "int",
	status: "int",
	error: "text",
	answer: "text",
	duration_ms: "int",
	at: "timestamptz"
});

/** Answers those that it changed. What was requested again while it was sent, and failed, is due now. It locks them in the order in which a replay does. `is true` as in notification's: it keeps the planner from the index of what is due. */
export const settle: Statement = {
	name: "webhook.delivery_settle",
	text: `
	with x as materialized (
		select x.*, x.state <> 'delivered' and d.redeliveries > x.redeliveries as is_asked from ${settledRows.as("x")}
		join webhook.delivery d on d.id = x.id and d.fence = x.fence
		order by d.endpoint_id, d.event_id for update of d
	),
	settled as (
		update webhook.delivery d set lease_until = null, last_status = x.status, last_error = x.error,
			state = case when x.is_asked then 'pending' else x.state end,
			attempts = case when x.is_asked then 0 else d.attempts end,
			due_at = case when x.is_asked then clock_timestamp()
				when x.state = 'pending' then clock_timestamp() + x.in_ms * interval '1 ms' end,
			delivered_at = case when x.state = 'delivered' then clock_timestamp() else d.delivered_at end,
			updated_at = clock_timestamp()
		from x where d.id = x.id and (d.state = 'pending') is true
		returning d.id
	),
	noted as (
		insert into webhook.attempt (delivery_id, number, at, status, error, answer, duration_ms)
		select x.id, x.fence, x.at, x.status, x.error, x.answer, x.duration_ms from x join settled using (id)
		on conflict do nothing
	)
	select id from settled`
};

/** $1 endpoint, $2 and $3 behind which row, $4 limit. A state is in the text, so that its index is found. */
const listed = (name: string, where = ""): Statement => ({
	name,
	text: `
	select ${columns} from webhook.delivery d
	where endpoint_id = $1 and (created_at, id) < ($2::timestamptz, $3::uuid) ${where}
	order by created_at desc, id desc limit $4`
});
export const list = listed("webhook.delivery_list");
export const listPending = listed("webhook.delivery_list_pending", "and state = 'pending'");
export const listDelivered = listed("webhook.delivery_list_delivered", "and state = 'delivered'");
export const listFailed = listed("webhook.delivery_list_failed", "and state = 'failed'");

export const find: Statement = {
	name: "webhook.delivery_find",
	text: `select ${columns}, d.body from webhook.delivery d where endpoint_id = $1 and id = $2`
};

export const attempts: Statement = {
	name: "webhook.delivery_attempts",
	text: `
	select at, status, error, answer, duration_ms from webhook.attempt where delivery_id = $1
	order by number desc limit $2`
};

export const redeliver: Statement = {
	name: "webhook.delivery_redeliver",
	text: `update webhook.delivery d set ${requestedAgain} where endpoint_id = $1 and id = $2 returning ${columns}`
};

/** Also what waits for its next attempt, which may be a day away. What a node is sending is not. */
const hasFailed = `endpoint_id = $1 and state <> 'delivered' and created_at >= $2 and last_error is not null
			and (state = 'failed' or due_at > clock_timestamp()) and lease_until is null`;

/** $1 endpoint, $2 since when, $3 how many at most; answers how many it was and how many are left. */
export const redeliverFailed: Statement = {
	name: "webhook.delivery_redeliver_failed",
	text: `
	with failed as materialized (
		select id from webhook.delivery where ${hasFailed}
		order by created_at, id limit $3 for update
	), again as (
		update webhook.delivery d set ${requestedAgain} from failed where d.id = failed.id returning 1
	)
	select (select count(*) from again)::int as redelivered, ((
		select count(*) from webhook.delivery where ${hasFailed}
	) - (select count(*) from again))::int as left`
};

/** Of what is due at endpoints that are enabled, no more than 10,000 are counted. */
export const backlog: Statement = {
	name: "webhook.delivery_backlog",
	text: `
	select count(*)::int as count, coalesce(extract(epoch from now() - min(due_at)), 0)::float8 as seconds,
		(select count(*) from webhook.endpoint where enabled and failures > 0 and removed_at is null)::int as failing,
		(select count(*) from webhook.endpoint where not enabled and removed_at is null)::int as disabled
	from (
		select d.due_at from webhook.delivery d join webhook.endpoint e on e.id = d.endpoint_id
		where e.enabled and e.removed_at is null and d.state = 'pending' and d.due_at <= now() limit 10000
	) as due`
};

/** $1 how many at most. What waits stays, unless nothing is sent to its endpoint. */
export const expire: Statement = {
	name: "webhook.delivery_expire",
	text: `
	delete from webhook.delivery where id in (
		select d.id from webhook.delivery d join webhook.endpoint e on e.id = d.endpoint_id
		where d.created_at < now() - interval '${keptDays} days' and (d.state <> 'pending' or not e.enabled or e.removed_at is not null)
		order by d.created_at limit $1
	) returning id`
};
