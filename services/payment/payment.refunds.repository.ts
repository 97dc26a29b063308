import type { PaymentStatus } from "../../contracts/payment.ts";
import type { Database, Statement, Transaction } from "../../db/database.ts";
import type { RefundOutcome } from "./payment.provider.ts";

/** What may still be paid back of a payment, as it stands under its lock. */
export interface Balance {
	id: string;
	status: PaymentStatus;
	amount_minor: number;
	refunded_minor: number;
	currency: string;
}

export interface NewRefund {
	id: string;
	payment_id: string;
	purpose: string;
	/** Null: all that was left was asked for. */
	requested_minor: number | null;
	amount_minor: number;
	reason: string;
	requested_by: string;
}

export interface RefundRow {
	id: string;
	requested_minor: number | null;
	amount_minor: number;
	reason: string;
	status: "pending" | "succeeded" | "failed";
	/** Since it was asked for, by the database's clock. */
	age_ms: number;
	/** The charge it is taken from, as the provider calls it. */
	charge_ref: string;
	currency: string;
}

const lock = (name: string, column: string): Statement => ({
	name,
	text: `select id, status, amount_minor, refunded_minor, currency from payment.payments
		where ${column} = $1 for update`
});
const lockById = lock("refund-lock-by-id", "id");
const lockByOrder = lock("refund-lock-by-order", "order_id");

// The condition is the second wall behind the lock, the table's check the third.
const count: Statement = {
	name: "refund-count",
	text: `update payment.payments set refunded_minor = refunded_minor + $2,
			updated_at = clock_timestamp()
		where id = $1 and status = 'succeeded' and refunded_minor + $2 <= amount_minor
		returning id`
};

const insert: Statement = {
	name: "refund-insert",
	text: `insert into payment.refunds
			(id, payment_id, purpose, requested_minor, amount_minor, reason, requested_by)
		values ($1, $2, $3, $4, $5, $6, $7)`
};

const rows = (where: string) => `select r.id, r.requested_minor, r.amount_minor, r.reason, r.status,
		(extract(epoch from clock_timestamp() - r.created_at) * 1000)::float8 as age_ms,
		p.provider_ref as charge_ref, p.currency
	from payment.refunds r join payment.payments p on p.id = r.payment_id
	where ${where} order by r.created_at, r.id`;
const find: Statement = { name: "refund-find", text: rows("r.id = $1") };
const pending: Statement = {
	name: "refund-pending",
	text: rows("r.payment_id = $1 and r.status = 'pending'")
};

const whole: Statement = {
	name: "refund-whole",
	text: `select 1 from payment.payments p where p.id = $1 and p.refunded_minor = p.amount_minor
		and not exists (select from payment.refunds r where r.payment_id = p.id and r.status = 'pending')`
};

// A refused refund gives its amount back in the same statement, so that it can be refunded again.
const settle: Statement = {
	name: "refund-settle",
	beforeCommit: "payment.settle_refund.before_commit",
	afterCommit: "payment.settle_refund.after_commit",
	text: `with settled as (
			update payment.refunds set status = $2, provider_ref = $3, failure_code = $4,
				updated_at = clock_timestamp()
			where id = $1 and status = 'pending' returning payment_id, amount_minor)
		update payment.payments p set refunded_minor = p.refunded_minor - s.amount_minor,
			updated_at = clock_timestamp()
		from settled s where p.id = s.payment_id and $2 = 'failed'`
};

/** The statements of paying back. What needs the payment's lock asks for the transaction. */
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

	async find(tx: Transaction, id: string): Promise<RefundRow | undefined> {
		return (await tx.query<RefundRow>(find, [id]))[0];
	}

	/** Counts the amount and makes the pending row; false when that is more than what is left. */
	async begin(tx: Transaction, refund: NewRefund): Promise<boolean> {
		const counted = await tx.query(count, [refund.payment_id, refund.amount_minor]);
		if (counted.length === 0) return false;
		await tx.query(insert, [
			refund.id,
			refund.payment_id,
			refund.purpose,
			refund.requested_minor,
			refund.amount_minor,
			refund.reason,
			refund.requested_by
		]);
		return true;
	}

	/** Refunds of a payment whose outcome is not recorded. */
	pending(paymentId: string): Promise<RefundRow[]> {
		return this.#pg.query<RefundRow>(pending, [paymentId]);
	}

	/** True when all of a payment is surely paid back. */
	async isWhole(paymentId: string): Promise<boolean> {
		return (await this.#pg.query(whole, [paymentId])).length > 0;
	}

	/** Records how a refund ended, once. */
	async settle(id: string, outcome: Exclude<RefundOutcome, { status: "pending" }>): Promise<void> {
		const ref = outcome.status === "succeeded" ? outcome.ref : null;
		const code = outcome.status === "failed" ? outcome.code : null;
		await this.#pg.query(settle, [id, outcome.status, ref, code]);
	}
}
