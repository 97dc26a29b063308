import type { Charge, Payment, PaymentStatus } from "../../contracts/payment.ts";
import type { Database, Statement } from "../../db/database.ts";
import { derivedId } from "../../lib/id.ts";
import type { Outcome } from "./payment.provider.ts";

/** A payment as the charging part sees it. One that is `voided` has no amount, and needs none. */
export interface PaymentRow {
	id: string;
	order_id: string;
	amount_minor: number;
	currency: string;
	payment_method: string;
	status: PaymentStatus;
	failure_code: string | null;
	/** Since it was first sent, by the database's clock. */
	age_ms: number;
}

/** How a charge ended, or why a human must look. */
export type Verdict = { id: string } & (
	| Exclude<Outcome, { status: "processing" | "action_required" }>
	| { status: "review"; reason: string }
);

export interface Summary {
	id: string;
	order_id: string;
	status: PaymentStatus;
	refunded: { amount: number; currency: string };
}

/** The one id a payment of this order can have: row, provider key and answer agree on it. */
export function paymentIdOf(orderId: string): string {
	return derivedId(orderId, "charge");
}

const row = `p.id, p.order_id, p.amount_minor, p.currency, p.payment_method, p.status, p.failure_code,
	(extract(epoch from clock_timestamp() - p.first_sent_at) * 1000)::float8 as age_ms`;

// The id follows from the order, so two nodes collide on both unique indexes. A conflict target would
// name only one, and the other then raises an error when both insert at the same instant.
const begin: Statement = {
	name: "payment-begin",
	beforeCommit: "payment.begin.before_commit",
	afterCommit: "payment.begin.after_commit",
	text: `insert into payment.payments (id, order_id, user_id, amount_minor, currency, payment_method)
		select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[])
			as x(id, order_id, user_id, amount_minor, currency, payment_method)
		order by order_id
		on conflict do nothing
		returning id, order_id, amount_minor, currency, payment_method, status, failure_code,
			0::float8 as age_ms`
};

// Taken in the place of the payment's row, so that a charge and this exclude each other.
const bar: Statement = {
	name: "payment-void",
	beforeCommit: "payment.bar.before_commit",
	afterCommit: "payment.bar.after_commit",
	text: `insert into payment.payments (id, order_id, status, failure_code)
		select x.id, x.order_id, 'failed', 'voided'
		from unnest($1::uuid[], $2::uuid[]) as x(id, order_id) order by x.order_id
		on conflict do nothing`
};

const find: Statement = {
	name: "payment-find",
	text: `select ${row} from payment.payments p where p.order_id = any($1::uuid[])`
};

// Rows are locked in one order, or two batches that share orders could deadlock.
const record: Statement = {
	name: "payment-record",
	beforeCommit: "payment.record.before_commit",
	afterCommit: "payment.record.after_commit",
	text: `with x as materialized (
			select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
				$7::text[]) as x(id, status, ref, failure_code, review_reason, brand, last4)),
		locked as materialized (
			select id from payment.payments where id in (select id from x) and status = 'processing'
			order by id for update)
		update payment.payments p set status = x.status, provider_ref = x.ref,
			failure_code = x.failure_code, review_reason = x.review_reason, method_brand = x.brand,
			method_last4 = x.last4, updated_at = clock_timestamp()
		from x join locked using (id) where p.id = x.id
		returning ${row}`
};

const review: Statement = {
	name: "payment-review",
	text: `with locked as materialized (
			select id from payment.payments where id = any($1::uuid[]) and status <> 'review'
			order by id for update)
		update payment.payments p set status = 'review', review_reason = $2,
			updated_at = clock_timestamp()
		from locked where p.id = locked.id
		returning ${row}`
};

const representation = (where: string) => `select json_build_object(
		'id', p.id, 'order_id', p.order_id, 'status', p.status,
		'amount', json_build_object('amount', p.amount_minor, 'currency', p.currency),
		'refunded', json_build_object('amount', p.refunded_minor, 'currency', p.currency),
		'method', json_build_object('brand', p.method_brand, 'last4', p.method_last4),
		'created_at', ${instant("p.created_at")},
		'refunds', coalesce((select json_agg(json_build_object('id', r.id,
				'amount', json_build_object('amount', r.amount_minor, 'currency', p.currency),
				'reason', r.reason, 'status', r.status, 'created_at', ${instant("r.created_at")})
			order by r.created_at, r.id) from payment.refunds r where r.payment_id = p.id), '[]'))
	as payment from payment.payments p where ${where} and p.amount_minor is not null and ($2::text is null or p.user_id = $2)`;

function instant(column: string): string {
	return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

const byId: Statement = { name: "payment-by-id", text: representation("p.id = $1") };
const byOrder: Statement = { name: "payment-by-order", text: representation("p.order_id = $1") };

const summaries: Statement = {
	name: "payment-summaries",
	text: `select id, order_id, status,
			json_build_object('amount', refunded_minor, 'currency', currency) as refunded
		from payment.payments where order_id = any($1::uuid[]) and amount_minor is not null`
};

/** The statements of charging and reading; those of paying back are in payment.refunds.repository. */
export class PaymentRepository {
	readonly #pg: Database;

	constructor(pg: Database) {
		this.#pg = pg;
	}

	/** Makes the rows of orders that have none; answers those. On disk when it resolves. */
	begin(charges: Charge[]): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(begin, [
			charges.map(({ order_id }) => paymentIdOf(order_id)),
			charges.map(({ order_id }) => order_id),
			charges.map(({ user_id }) => user_id),
			charges.map(({ amount }) => amount.amount),
			charges.map(({ amount }) => amount.currency),
			charges.map(({ payment_method }) => payment_method)
		]);
	}

	/** Bars orders that have no row from ever being charged. On disk when it resolves. */
	async void(orderIds: string[]): Promise<void> {
		await this.#pg.query(bar, [orderIds.map(paymentIdOf), orderIds]);
	}

	find(orderIds: string[]): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(find, [orderIds]);
	}

	/**
	 * Records how charges ended; answers the rows it changed, which are those that were processing.
	 * It does not wait for the disk: the provider can be asked again.
	 */
	record(verdicts: Verdict[]): Promise<PaymentRow[]> {
		return this.#pg.deferred<PaymentRow>(record, [
			verdicts.map(({ id }) => id),
			verdicts.map(({ status }) => status),
			verdicts.map(v => ("ref" in v ? v.ref : null)),
			verdicts.map(v => ("code" in v ? v.code : null)),
			verdicts.map(v => ("reason" in v ? v.reason : null)),
			verdicts.map(v => ("method" in v ? v.method.brand : null)),
			verdicts.map(v => ("method" in v ? v.method.last4 : null))
		]);
	}

	/** Puts payments before a human, whatever their state; answers those that were not there yet. */
	review(ids: string[], reason: string): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(review, [ids, reason]);
	}

	/** @param owner the user it must belong to, undefined for staff */
	async get(by: "id" | "order_id", id: string, owner?: string): Promise<Payment | undefined> {
		const statement = by === "id" ? byId : byOrder;
		const [found] = await this.#pg.query<{ payment: Payment }>(statement, [id, owner ?? null]);
		return found?.payment;
	}

	summaries(orderIds: string[]): Promise<Summary[]> {
		return this.#pg.query<Summary>(summaries, [orderIds]);
	}
}
