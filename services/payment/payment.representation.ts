import { mostRefunds } from "../../contracts/payment.ts";
import type { Statement } from "../../db/database.ts";

/** Representations of payments. One that was voided before any money moved is not shown. */

function instant(column: string): string {
	return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

const money = (amount: string) => `json_build_object('amount', ${amount}, 'currency', p.currency)`;

/** Who requested a refund: the saga of its order, staff, or somebody at the provider. An SQL expression. */
export const originOf = (purpose: string) =>
	`case split_part(${purpose}, ':', 1) when 'refund' then 'staff' when 'provider' then 'provider' else 'order' end`;

const disputes = `select json_agg(json_build_object('ref', d.ref, 'amount', ${money("d.amount_minor")},
		'reason', d.reason, 'status', d.status, 'created_at', ${instant("d.created_at")})
		order by d.created_at, d.ref)
	from (select * from payment.disputes where payment_id = p.id
		order by created_at desc, ref desc limit ${mostRefunds}) d`;

// Who of the staff refunded, and why, is for staff: `owner` is null for them.
const refunds = (
	owner: string
) => `select json_agg(json_build_object('id', r.id, 'amount', ${money("r.amount_minor")},
		'lines', r.lines,
		'reason', case when ${owner} is null or split_part(r.purpose, ':', 1) <> 'refund' then r.reason end,
		'requested_by', case when ${owner} is null or r.requested_by in (p.user_id, 'system', 'payment_provider')
			then r.requested_by else 'staff' end,
		'status', r.status,
		'origin', ${originOf("r.purpose")}, 'failure_code', r.failure_code, 'created_at', ${instant("r.created_at")}) order by r.created_at, r.id)
	from (select * from payment.refunds where payment_id = p.id
		order by created_at desc, id desc limit ${mostRefunds}) r`;

// The bank's URL is only for the customer, who may be of the staff: no other person approves in their place.
const nextAction = (viewer: string) => `case when p.user_id = ${viewer} and p.status = 'processing'
		and p.action_until > clock_timestamp()
		then json_build_object('type', 'redirect', 'url', p.action_url) end`;

const representation = (
	where: string,
	{ owner, viewer }: { owner: string; viewer: string }
) => `select json_build_object(
		'id', p.id, 'order_id', p.order_id, 'status', p.status,
		'amount', ${money("p.amount_minor")}, 'refunded', ${money("p.refunded_minor")},
		'method', json_build_object('brand', p.method_brand, 'last4', p.method_last4),
		'next_action', ${nextAction(viewer)},
		'created_at', ${instant("p.created_at")}, 'refunds', coalesce((${refunds(owner)}), '[]'),
		'disputes', coalesce((${disputes}), '[]')) as payment
	from payment.payments p
	where ${where} and p.amount_minor is not null and (${owner} is null or p.user_id = ${owner})`;

const asked = { owner: "$2::text", viewer: "$3::text" };
export const byId: Statement = {
	name: "payment.by_id",
	text: representation("p.id = $1", asked)
};
export const byOrder: Statement = {
	name: "payment.by_order",
	text: representation("p.order_id = $1", asked)
};

/** The payment for staff, whose id is the SQL expression `id`. */
export const forStaff = (id: string) =>
	representation(`p.id = ${id}`, { owner: "null::text", viewer: "null::text" });

export const summaries: Statement = {
	name: "payment.summaries",
	text: `select p.id, p.order_id, p.status, ${money("p.refunded_minor")} as refunded,
			(select ${money("sum(d.amount_minor)::bigint")} from payment.disputes d
				where d.payment_id = p.id and d.status <> 'won' having count(*) > 0) as disputed,
			${nextAction("$2::text")} as next_action
		from payment.payments p
		where p.id = any($1::uuid[]) and not (p.status = 'failed' and p.failure_code = 'voided')`
};

// Times are shown in milliseconds, so changes within the requested millisecond are included.
export const summariesAt: Statement = {
	name: "payment.summaries_at",
	text: `select p.id, p.order_id, e.status, ${money("e.refunded_minor")} as refunded
		from payment.payments p cross join lateral (
			select * from payment.events e where e.payment_id = p.id and date_trunc('milliseconds', e.at) <= $2
			order by e.seq desc limit 1) e
		where p.id = any($1::uuid[]) and not (e.status = 'failed' and e.data->>'failure_code' = 'voided')`
};
