import type { Payment, PaymentStatus, Share } from "../../../contracts/payment.ts";
import type { Database, Statement, Transaction } from "../../../db/database.ts";
import type { Actor } from "../../../lib/identity.ts";
import { forStaff, originOf } from "../payment.representation.ts";

/** What may still be refunded of a payment, under its lock. */
export interface Balance {
	id: string;
	status: PaymentStatus;
	amount_minor: number;
	refunded_minor: number;
	currency: string;
	/** Empty for a payment from before lines were stored. */
	lines: Share[];
}

export type RefundStatus = "pending" | "succeeded" | "failed" | "review";

export interface NewRefund {
	id: string;
	payment_id: string;
	purpose: string;
	/** Null: all that was left was requested. */
	requested_minor: number | null;
	amount_minor: number;
	lines: Share[];
	reason: string;
	actor: Actor;
}

export interface RefundRow {
	id: string;
	payment_id: string;
	order_id: string;
	purpose: string;
	requested_minor: number | null;
	amount_minor: number;
	lines: Share[];
	reason: string;
	status: RefundStatus;
	/** Since the request, by the database's clock. */
	age_ms: number;
	/** The provider's reference of the refund; null until it was made once. */
	provider_ref: string | null;
	/** The provider's reference of its charge. */
	charge_ref: string;
	currency: string;
	/** Its request was answered; only requests of staff are. */
	is_answered: boolean;
}

/** How a refund ended, or why it is in review. */
export type RefundVerdict =
	| { status: "succeeded"; ref: string }
	| { status: "failed"; code: string }
	| { status: "review"; reason: string };

const lock = (name: string, column: string): Statement => ({
	name,
	text: `select id, status, amount_minor, refunded_minor, currency, coalesce(lines, '[]') as lines
		from payment.payments where ${column} = $1 and amount_minor is not null for update`
});
const lockById = lock("refund.lock_by_id", "id");
const lockByOrder = lock("refund.lock_by_order", "order_id");

const columns = `r.id, r.payment_id, p.order_id, r.purpose, r.requested_minor, r.amount_minor, r.lines,
	r.reason, r.status, r.provider_ref, (extract(epoch from clock_timestamp() - r.created_at) * 1000)::float8 as age_ms,
	p.provider_ref as charge_ref, p.currency, r.is_answered`;
const rows = (where: string) => `select ${columns}
	from payment.refunds r join payment.payments p on p.id = r.payment_id
	where ${where} order by r.created_at, r.id`;
const find: Statement = { name: "refund.find", text: rows("r.id = $1") };
const ofPayment: Statement = { name: "refund.of_payment", text: rows("r.payment_id = $1") };

// Counts the amount, inserts the refund and its event in one statement. The condition is the second guard after
// the lock, the table's check the third.
const begin: Statement = {
	name: "refund.insert",
	text: `with p as (
			update payment.payments set refunded_minor = refunded_minor + $5, seq = seq + 1,
				updated_at = clock_timestamp()
			where id = $2 and status = 'succeeded' and refunded_minor + $5 <= amount_minor
			returning *),
		r as (
			insert into payment.refunds (id, payment_id, purpose, requested_minor, amount_minor, lines,
				reason, requested_by, provider_ref)
			select $1, id, $3, $4, $5, $6::jsonb, $7, $8::jsonb->>'id', $9 from p)
		insert into payment.events (payment_id, seq, type, amount_minor, status, refunded_minor, actor,
			data, at)
		select id, seq, 'refund_begun', $5, status, refunded_minor, $8::jsonb,
			jsonb_build_object('refund_id', $1::uuid, 'reason', $7::text, 'lines', $6::jsonb), updated_at
		from p
		returning payment_id`
};

/** The order does not know that a refund was made, unless its saga waits for it. */
const isNews = `r.purpose like 'refund:%' or r.purpose like 'provider:%' or (r.purpose like 'return:%'
	and (select count(*) from payment.refunds b where b.payment_id = r.payment_id and b.provider_ref is not null
		and split_part(b.purpose, '#', 1) = split_part(r.purpose, '#', 1)) > 0)`;

// The payment is locked first, as when a refund is inserted. A refused refund restores its amount in the same
// statement, so that it can be refunded again. A return's saga has ended if a refund for it was made before and came
// back, which its reference shows; the snapshot of this statement has the refunds as they were.
const settle: Statement = {
	name: "refund.settle",
	beforeCommit: "payment.settle_refund.before_commit",
	afterCommit: "payment.settle_refund.after_commit",
	text: `with p as materialized (
			select id from payment.payments
			where id = (select payment_id from payment.refunds where id = $1) for update),
		r as (
			update payment.refunds r set status = $2, provider_ref = coalesce($3, r.provider_ref),
				failure_code = $4, review_reason = coalesce($5, r.review_reason),
				updated_at = clock_timestamp()
			from p where r.id = $1 and r.payment_id = p.id and r.status = $6 and not ($10 and r.is_answered)
			returning r.*),
		changed as (
			update payment.payments c set seq = c.seq + 1, updated_at = clock_timestamp(),
				refunded_minor = c.refunded_minor - case $2 when 'failed' then r.amount_minor else 0 end
			from r where c.id = r.payment_id
			returning c.*),
		e as (
			insert into payment.events (payment_id, seq, type, amount_minor, status, refunded_minor, actor,
				data, at)
			select c.id, c.seq, $7, r.amount_minor, c.status, c.refunded_minor, $8::jsonb,
				jsonb_strip_nulls(jsonb_build_object('refund_id', r.id, 'status', r.status,
					'provider_ref', $3::text, 'failure_code', $4::text, 'review_reason', r.review_reason))
					|| $9::jsonb,
				c.updated_at
			from changed c join r on r.payment_id = c.id),
		notice as (
			insert into payment.notices (order_id, kind, data)
			select c.order_id, case when $6 = 'succeeded' then 'refund_failed' else 'refund_issued' end,
				jsonb_build_object('id', r.id, 'origin', ${originOf("r.purpose")}, 'amount',
					jsonb_build_object('amount', r.amount_minor, 'currency', c.currency))
			from changed c join r on r.payment_id = c.id
			where $6 = 'succeeded' or ($2 = 'succeeded' and (${isNews})))
		select ${columns} from r join changed p on p.id = r.payment_id`
};

const markAnswered: Statement = {
	name: "refund.mark_answered",
	text: `update payment.refunds r set is_answered = true where r.id = $1 returning (${forStaff("r.payment_id")}) as payment`
};

const claim: Statement = {
	name: "refund.claim",
	text: `update payment.refunds r set checks = r.checks + 1,
			next_check_at = clock_timestamp() + least(600, 5 * 2 ^ least(r.checks, 8)) * interval '1 s'
		from payment.payments p
		where p.id = r.payment_id and r.id in (
			select id from payment.refunds where status = 'pending' and next_check_at <= now()
			order by next_check_at limit $1 for update skip locked)
		returning ${columns}`
};

const voided: Statement = {
	name: "refund.charged_though_voided",
	text: `select order_id from payment.payments
		where status = 'succeeded' and failure_code = 'voided' and refunded_minor < amount_minor
		order by id limit $1`
};

/** From which status, with which event, by whom. */
interface Settlement {
	from: RefundStatus;
	event: string;
	actor?: Actor;
	data?: object;
	/** Only if no response was returned. */
	unanswered?: boolean;
}

/** SQL of refunds. Statements that need the payment's lock take the transaction. */
export class RefundRepository {
	readonly #pg: Database;

	constructor(pg: Database) {
		this.#pg = pg;
	}

	transaction<R>(work: (tx: Transaction) => Promise<R>): Promise<R> {
		return this.#pg.transaction(work);
	}

	async lock(tx: Transaction, by: "id" | "order_id", id: string): Promise<Balance | undefined> {
		return (await tx.query<Balance>(by === "id" ? lockById : lockByOrder, [id]))[0];
	}

	async find(id: string, tx?: Transaction): Promise<RefundRow | undefined> {
		return (await (tx ?? this.#pg).query<RefundRow>(find, [id]))[0];
	}

	/** All refunds of a payment; `tx` if they must not change meanwhile. */
	ofPayment(paymentId: string, tx?: Transaction): Promise<RefundRow[]> {
		return (tx ?? this.#pg).query<RefundRow>(ofPayment, [paymentId]);
	}

	/**
	 * Counts the amount and inserts the pending refund; false when it exceeds what is left.
	 * @param ref the provider's reference, of a refund that is known there
	 */
	async begin(tx: Transaction, refund: NewRefund, ref: string | null = null): Promise<boolean> {
		const inserted = await tx.query(begin, [
			refund.id,
			refund.payment_id,
			refund.purpose,
			refund.requested_minor,
			refund.amount_minor,
			JSON.stringify(refund.lines),
			refund.reason,
			JSON.stringify(refund.actor),
			ref
		]);
		return inserted.length > 0;
	}

	/**
	 * Records how a refund with status `from` ended, once; undefined when it was already recorded.
	 * @param unanswered only if no response was returned
	 */
	async settle(
		id: string,
		verdict: RefundVerdict,
		from: RefundStatus,
		{
			unanswered = false,
			tx = this.#pg
		}: { unanswered?: boolean; tx?: Transaction | Database } = {}
	): Promise<RefundRow | undefined> {
		const by = { from, event: `refund_${verdict.status}`, unanswered };
		return this.#settle(tx, id, verdict, by);
	}

	/**
	 * Marks the refund's request as answered, and returns the payment as staff see it then. The payment's lock
	 * serialises this with the recording of the refund's outcome.
	 */
	async markAnswered(tx: Transaction, { id, payment_id }: RefundRow): Promise<Payment> {
		await this.lock(tx, "id", payment_id);
		const [marked] = await tx.query<{ payment: Payment }>(markAnswered, [id]);
		return marked!.payment;
	}

	/** Records a decision about a refund in review; undefined when it is not in review. */
	async decide(
		tx: Transaction,
		id: string,
		verdict: RefundVerdict,
		{ actor, data }: { actor: Actor; data: object }
	): Promise<RefundRow | undefined> {
		const by = { from: "review", event: "refund_decided", actor, data } as const;
		return this.#settle(tx, id, verdict, by);
	}

	async #settle(
		tx: Transaction | Database,
		id: string,
		verdict: RefundVerdict,
		{ from, event, actor, data = {}, unanswered = false }: Settlement
	): Promise<RefundRow | undefined> {
		const [settled] = await tx.query<RefundRow>(settle, [
			id,
			verdict.status,
			"ref" in verdict ? verdict.ref : null,
			"code" in verdict ? verdict.code : null,
			"reason" in verdict ? verdict.reason : null,
			from,
			event,
			actor ? JSON.stringify(actor) : null,
			JSON.stringify(data),
			unanswered
		]);
		return settled;
	}

	/** Pending refunds that are due for a check; each is claimed by one caller for at least 5 s. */
	claim(limit: number): Promise<RefundRow[]> {
		return this.#pg.query<RefundRow>(claim, [limit]);
	}

	/** Orders that were charged although the charge had been voided. */
	async chargedThoughVoided(limit: number): Promise<string[]> {
		const found = await this.#pg.query<{ order_id: string }>(voided, [limit]);
		return found.map(({ order_id }) => order_id);
	}
}
