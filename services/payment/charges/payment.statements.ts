import { bulk } from "../../../lib/bulk.ts";
import type { Statement } from "../../../db/database.ts";

/** SQL of charging. A change and its row in `events` are one statement. */

/** A `PaymentRow`, of a table or CTE that is called p. */
const row = `p.id, p.order_id, p.amount_minor, p.currency, p.payment_method, p.status, p.failure_code,
	p.provider_ref, p.action_url, p.sends,
	coalesce(p.action_until < clock_timestamp(), false) as overdue,
	(extract(epoch from clock_timestamp() - p.first_sent_at) * 1000)::float8 as age_ms,
	(extract(epoch from clock_timestamp() - p.sent_at) * 1000)::float8 as sent_ms,
	(extract(epoch from p.resend_at - clock_timestamp()) * 1000)::float8 as resend_in_ms`;

/** The event of each payment in `changed`, by default with its new status as type. */
const insertEvents = (type = "status") => `event as (
		insert into payment.events (payment_id, seq, type, amount_minor, status, refunded_minor, data, at)
		select id, seq, ${type}, amount_minor, status, refunded_minor, jsonb_strip_nulls(jsonb_build_object(
			'provider_ref', provider_ref, 'failure_code', failure_code, 'review_reason', review_reason)),
			updated_at from changed)`;

export const chargeRows = bulk({
	id: "uuid",
	order_id: "uuid",
	user_id: "text",
	amount_minor: "bigint",
	currency: "text",
	payment_method: "text",
	lines: "jsonb"
});

// The id is derived from the order, so two nodes collide on both unique indexes. A conflict target would name
// only one, and the other would raise an error when both insert at the same instant.
export const begin: Statement = {
	name: "payment.insert",
	beforeCommit: "payment.begin.before_commit",
	afterCommit: "payment.begin.after_commit",
	text: `with changed as (
			insert into payment.payments
				(id, order_id, user_id, amount_minor, currency, payment_method, lines)
			select id, order_id, user_id, amount_minor, currency, payment_method, lines
			from ${chargeRows.as("x")}
			order by order_id
			on conflict do nothing
			returning *),
		${insertEvents("'begun'")}
		select ${row} from changed p`
};

export const tombstoneRows = bulk({ id: "uuid", order_id: "uuid" });

// A tombstone takes the place of the payment's row, so that it and a charge exclude each other.
export const insertTombstones: Statement = {
	name: "payment.insert_tombstones",
	beforeCommit: "payment.tombstone.before_commit",
	afterCommit: "payment.tombstone.after_commit",
	text: `insert into payment.payments (id, order_id, status, failure_code)
		select x.id, x.order_id, 'failed', 'voided'
		from ${tombstoneRows.as("x")} order by x.order_id
		on conflict do nothing`
};

export const findByOrders: Statement = {
	name: "payment.find_by_order",
	text: `select ${row} from payment.payments p where p.order_id = any($1::uuid[])`
};

export const findById: Statement = {
	name: "payment.find_by_id",
	text: `select ${row} from payment.payments p where p.id = $1 and p.amount_minor is not null`
};

/** The provider's messages about refunds and disputes name the charge. */
export const findByRef: Statement = {
	name: "payment.find_by_ref",
	text: `select ${row} from payment.payments p where p.provider_ref = $1 and p.amount_minor is not null`
};

export const verdictRows = bulk({
	id: "uuid",
	status: "text",
	ref: "text",
	failure_code: "text",
	review_reason: "text",
	brand: "text",
	last4: "text"
});

// A charge that was made although it was voided is recorded, and keeps the code by which it is found and
// refunded. Rows are locked in one order, or two batches that share orders could deadlock.
export const record: Statement = {
	name: "payment.record",
	beforeCommit: "payment.record.before_commit",
	afterCommit: "payment.record.after_commit",
	text: `with verdict as materialized (select * from ${verdictRows.as("x")}),
		locked as materialized (
			select p.id from payment.payments p join verdict v on v.id = p.id
			where p.status = 'processing' or (v.status = 'succeeded' and p.status = 'failed'
				and p.failure_code = 'voided' and p.amount_minor is not null)
			order by p.id for update of p),
		changed as (
			update payment.payments p set status = v.status,
				provider_ref = coalesce(v.ref, p.provider_ref),
				failure_code = coalesce(p.failure_code, v.failure_code), review_reason = v.review_reason,
				method_brand = v.brand, method_last4 = v.last4,
				seq = p.seq + 1, updated_at = clock_timestamp()
			from verdict v join locked using (id) where p.id = v.id
			returning p.*),
		${insertEvents()}
		select ${row} from changed p`
};

export const review: Statement = {
	name: "payment.review",
	text: `with locked as materialized (
			select id from payment.payments where id = any($1::uuid[]) and status <> 'review'
			order by id for update),
		changed as (
			update payment.payments p set status = 'review', review_reason = $2,
				seq = p.seq + 1, updated_at = clock_timestamp()
			from locked where p.id = locked.id
			returning p.*),
		${insertEvents()}
		select ${row} from changed p`
};

export const challenge: Statement = {
	name: "payment.challenge",
	text: `with changed as (
			update payment.payments p set provider_ref = $2, action_url = $3,
				action_until = clock_timestamp() + $4 * interval '1 ms',
				seq = p.seq + 1, updated_at = clock_timestamp()
			where p.id = $1 and p.status = 'processing' and p.action_url is null
			returning p.*),
		${insertEvents("'action_required'")}
		select ${row} from changed p`
};

/** Claims the next attempt, unless another node did since the row was read. */
export const resend: Statement = {
	name: "payment.claim_attempt",
	text: `update payment.payments p set sends = p.sends + 1, sent_at = clock_timestamp(), resend_at = null,
			first_sent_at = case p.sends when 0 then clock_timestamp() else p.first_sent_at end
		where p.id = $1 and p.status = 'processing' and p.sends = $2
		returning ${row}`
};

/** The attempt was rate-limited. A later attempt may be in progress, which this must not affect. */
export const deferAttempt: Statement = {
	name: "payment.defer_attempt",
	text: `update payment.payments p set resend_at = clock_timestamp() + $3 * interval '1 ms'
		where p.id = $1 and p.status = 'processing' and p.sends = $2`
};

export const sentRows = bulk({ id: "uuid", sends: "int" });

/** The attempt certainly did not reach the provider. */
export const revertSend: Statement = {
	name: "payment.revert_send",
	text: `update payment.payments p set sends = p.sends - 1
		from ${sentRows.as("x")}
		where p.id = x.id and p.status = 'processing' and p.sends = x.sends`
};

/**
 * Voids a charge that was never sent, or whose last request can no longer arrive. That is concluded from the
 * time, not from the provider, so one that was sent is looked up for a while longer.
 */
export const voidUnsent: Statement = {
	name: "payment.void_unsent",
	text: `with changed as (
			update payment.payments p set status = 'failed', failure_code = 'voided',
				next_check_at = case when p.sends > 0 then clock_timestamp() + interval '30 s' end,
				seq = p.seq + 1, updated_at = clock_timestamp()
			where p.id = $1 and p.status = 'processing' and p.sends = $2
				and (p.sends = 0 or clock_timestamp() - p.sent_at > $3 * interval '1 ms')
			returning p.*),
		${insertEvents()}
		select ${row} from changed p`
};

/** Each is claimed by one caller, and due again after twice the time since it was voided, for a day. */
export const claimVoided: Statement = {
	name: "payment.claim_voided",
	text: `update payment.payments p set next_check_at = case
			when p.updated_at > clock_timestamp() - interval '1 day'
			then clock_timestamp() + (clock_timestamp() - p.updated_at) end
		where p.id in (
			select id from payment.payments where status = 'failed' and next_check_at <= now()
			order by next_check_at limit $1 for update skip locked)
		returning ${row}`
};
