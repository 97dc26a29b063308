import type { Statement } from "../../../db/database.ts";

/** What charging says to Postgres. A change and the row of `events` that tells of it are one statement. */

/** A `PaymentRow`, of a table or a part that is called p. */
const row = `p.id, p.order_id, p.amount_minor, p.currency, p.payment_method, p.status, p.failure_code,
	p.provider_ref, p.action_url, p.sends,
	coalesce(p.action_until < clock_timestamp(), false) as overdue,
	(extract(epoch from clock_timestamp() - p.first_sent_at) * 1000)::float8 as age_ms,
	(extract(epoch from clock_timestamp() - p.sent_at) * 1000)::float8 as sent_ms,
	(extract(epoch from p.resend_at - clock_timestamp()) * 1000)::float8 as resend_in_ms`;

/** The event of each payment in `changed`, by default called like its new status. */
const insertEvents = (type = "status") => `told as (
		insert into payment.events (payment_id, seq, type, amount_minor, status, refunded_minor, data, at)
		select id, seq, ${type}, amount_minor, status, refunded_minor, jsonb_strip_nulls(jsonb_build_object(
			'provider_ref', provider_ref, 'failure_code', failure_code, 'review_reason', review_reason)),
			updated_at from changed)`;

// The id follows from the order, so two nodes collide on both unique indexes. A conflict target would
// name only one, and the other then raises an error when both insert at the same instant.
export const begin: Statement = {
	name: "payment-begin",
	beforeCommit: "payment.begin.before_commit",
	afterCommit: "payment.begin.after_commit",
	text: `with changed as (
			insert into payment.payments
				(id, order_id, user_id, amount_minor, currency, payment_method, lines)
			select id, order_id, user_id, amount_minor, currency, payment_method, lines::jsonb
			from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
				as x(id, order_id, user_id, amount_minor, currency, payment_method, lines)
			order by order_id
			on conflict do nothing
			returning *),
		${insertEvents("'begun'")}
		select ${row} from changed p`
};

// Taken in the place of the payment's row, so that a charge and this exclude each other.
export const insertTombstones: Statement = {
	name: "payment-void",
	beforeCommit: "payment.tombstone.before_commit",
	afterCommit: "payment.tombstone.after_commit",
	text: `insert into payment.payments (id, order_id, status, failure_code)
		select x.id, x.order_id, 'failed', 'voided'
		from unnest($1::uuid[], $2::uuid[]) as x(id, order_id) order by x.order_id
		on conflict do nothing`
};

export const findByOrders: Statement = {
	name: "payment-find",
	text: `select ${row} from payment.payments p where p.order_id = any($1::uuid[])`
};

export const findById: Statement = {
	name: "payment-find-by-id",
	text: `select ${row} from payment.payments p where p.id = $1 and p.amount_minor is not null`
};

// A charge that came to be although it was voided is what really happened: it is recorded, and keeps
// the code by which it is found and paid back. Rows are locked in one order, or two batches that
// share orders could deadlock.
export const record: Statement = {
	name: "payment-record",
	beforeCommit: "payment.record.before_commit",
	afterCommit: "payment.record.after_commit",
	text: `with x as materialized (
			select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
				$7::text[]) as x(id, status, ref, failure_code, review_reason, brand, last4)),
		locked as materialized (
			select p.id from payment.payments p join x on x.id = p.id
			where p.status = 'processing' or (x.status = 'succeeded' and p.status = 'failed'
				and p.failure_code = 'voided' and p.amount_minor is not null)
			order by p.id for update of p),
		changed as (
			update payment.payments p set status = x.status,
				provider_ref = coalesce(x.ref, p.provider_ref),
				failure_code = coalesce(p.failure_code, x.failure_code), review_reason = x.review_reason,
				method_brand = x.brand, method_last4 = x.last4,
				seq = p.seq + 1, updated_at = clock_timestamp()
			from x join locked using (id) where p.id = x.id
			returning p.*),
		${insertEvents()}
		select ${row} from changed p`
};

export const review: Statement = {
	name: "payment-review",
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
	name: "payment-challenge",
	text: `with changed as (
			update payment.payments p set provider_ref = $2, action_url = $3,
				action_until = clock_timestamp() + $4 * interval '1 ms',
				seq = p.seq + 1, updated_at = clock_timestamp()
			where p.id = $1 and p.status = 'processing' and p.action_url is null
			returning p.*),
		${insertEvents("'action_required'")}
		select ${row} from changed p`
};

/** Takes the next attempt in hand, unless somebody else did since the row was read. */
export const resend: Statement = {
	name: "payment-resend",
	text: `update payment.payments p set sends = p.sends + 1, sent_at = clock_timestamp(), resend_at = null,
			first_sent_at = case p.sends when 0 then clock_timestamp() else p.first_sent_at end
		where p.id = $1 and p.status = 'processing' and p.sends = $2
		returning ${row}`
};

/** The attempt was turned away. Another one may be under way since, which this must not hurry. */
export const deferAttempt: Statement = {
	name: "payment-turn-away",
	text: `update payment.payments p set resend_at = clock_timestamp() + $3 * interval '1 ms'
		where p.id = $1 and p.status = 'processing' and p.sends = $2`
};

/** The attempt surely did not reach the provider. */
export const revertSend: Statement = {
	name: "payment-unsend",
	text: `update payment.payments p set sends = p.sends - 1
		from unnest($1::uuid[], $2::int[]) as x(id, sends)
		where p.id = x.id and p.status = 'processing' and p.sends = x.sends`
};

/**
 * Voids a charge that was never sent, or whose last attempt can no longer come to be. That is a matter
 * of time, not a word of the provider, so one that was sent is looked for a while longer.
 */
export const voidUnsent: Statement = {
	name: "payment-give-up",
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

/** Each is one caller's, and due again when twice the time since it was voided has gone by, for a day. */
export const claimVoided: Statement = {
	name: "payment-claim-voided",
	text: `update payment.payments p set next_check_at = case
			when p.updated_at > clock_timestamp() - interval '1 day'
			then clock_timestamp() + (clock_timestamp() - p.updated_at) end
		where p.id in (
			select id from payment.payments where status = 'failed' and next_check_at <= clock_timestamp()
			order by next_check_at limit $1 for update skip locked)
		returning ${row}`
};
