import type { Charge, Payment, PaymentStatus } from "../../../contracts/payment.ts";
import type { Database } from "../../../db/database.ts";
import { derivedId } from "../../../lib/id.ts";
import type { Outcome } from "../provider/provider.ts";
import * as shown from "../payment.representation.ts";
import * as sql from "./payment.statements.ts";
import { queueWithinMs, sendWithinMs, type Unsettled } from "../payment.reconciliation.ts";

/** A payment as charging sees it. A tombstone has no amount, and needs none. */
export interface PaymentRow extends Unsettled {
	id: string;
	order_id: string;
	amount_minor: number;
	currency: string;
	payment_method: string;
	status: PaymentStatus;
	failure_code: string | null;
	/** The provider's reference of the charge, if it is known. */
	provider_ref: string | null;
	action_url: string | null;
	/** How often it may have been sent; used as a fence to claim an attempt. */
	sends: number;
}

/** How a charge ended, or why it is in review. */
export type Ending =
	| Exclude<Outcome, { status: "processing" | "action_required" }>
	| { status: "review"; reason: string; ref?: string };

export type Verdict = Ending & { id: string };

export interface Summary {
	id: string;
	order_id: string;
	status: PaymentStatus;
	refunded: { amount: number; currency: string };
}

/** The only id a payment of this order can have: row, provider key and response agree on it. */
export function paymentIdOf(orderId: string): string {
	return derivedId(orderId, "charge");
}

/** Charges and reads; refunds are in refund.repository.ts. */
export class PaymentRepository {
	readonly #pg: Database;

	constructor(pg: Database) {
		this.#pg = pg;
	}

	/** Inserts the rows of orders that have none; returns those. On disk when it resolves. */
	begin(charges: Charge[]): Promise<PaymentRow[]> {
		const rows = charges.map(({ order_id, user_id, amount, payment_method, lines }) => ({
			id: paymentIdOf(order_id),
			order_id,
			user_id,
			amount_minor: amount.amount,
			currency: amount.currency,
			payment_method,
			lines: JSON.stringify(lines)
		}));
		return this.#pg.query<PaymentRow>(sql.begin, sql.chargeRows.values(rows));
	}

	/** Inserts tombstones for orders that have no row. On disk when it resolves. */
	async void(orderIds: string[]): Promise<void> {
		const rows = orderIds.map(order_id => ({ id: paymentIdOf(order_id), order_id }));
		await this.#pg.query(sql.insertTombstones, sql.tombstoneRows.values(rows));
	}

	find(orderIds: string[]): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(sql.findByOrders, [orderIds]);
	}

	async findById(id: string): Promise<PaymentRow | undefined> {
		return (await this.#pg.query<PaymentRow>(sql.findById, [id]))[0];
	}

	async findByRef(ref: string): Promise<PaymentRow | undefined> {
		return (await this.#pg.query<PaymentRow>(sql.findByRef, [ref]))[0];
	}

	/**
	 * Records how charges ended; returns the changed rows, which are those that were processing. It does not wait
	 * for the disk: the outcome can be looked up again.
	 */
	record(verdicts: Verdict[]): Promise<PaymentRow[]> {
		const rows = verdicts.map(verdict => ({
			id: verdict.id,
			status: verdict.status,
			ref: "ref" in verdict ? verdict.ref : null,
			failure_code: "code" in verdict ? verdict.code : null,
			review_reason: "reason" in verdict ? verdict.reason : null,
			brand: "method" in verdict ? verdict.method.brand : null,
			last4: "method" in verdict ? verdict.method.last4 : null
		}));
		return this.#pg.deferred<PaymentRow>(sql.record, sql.verdictRows.values(rows));
	}

	/** Puts payments in review, in any status; returns those that were not there yet. */
	review(ids: string[], reason: string): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(sql.review, [ids, reason]);
	}

	/** Stores the bank's URL, and starts the customer's time limit; undefined when that was done before. */
	async challenge(
		{ id }: PaymentRow,
		{ ref, url }: { ref: string; url: string },
		withinMs: number
	): Promise<PaymentRow | undefined> {
		return (await this.#pg.query<PaymentRow>(sql.challenge, [id, ref, url, withinMs]))[0];
	}

	/**
	 * Claims another attempt at a charge; undefined when another node has claimed it. On disk when it resolves: a
	 * charge that was sent must never look as if it was not.
	 */
	async resend({ id, sends }: PaymentRow): Promise<PaymentRow | undefined> {
		return (await this.#pg.query<PaymentRow>(sql.resend, [id, sends]))[0];
	}

	/** Records that an attempt was rate-limited, and when to retry. May be lost. */
	async deferAttempt({ id, sends }: PaymentRow, pauseMs: number): Promise<void> {
		await this.#pg.deferred(sql.deferAttempt, [id, sends, pauseMs]);
	}

	/** Reverts attempts that certainly never reached the provider. May be lost. */
	async revertSend(rows: PaymentRow[]): Promise<void> {
		await this.#pg.deferred(sql.revertSend, sql.sentRows.values(rows));
	}

	/**
	 * Voids a charge that the provider does not know; undefined when its request may still arrive, or it was claimed
	 * again.
	 */
	async voidUnsent(
		{ id, sends }: PaymentRow,
		maxProcessingMs: number
	): Promise<PaymentRow | undefined> {
		const deadMs = maxProcessingMs + sendWithinMs + queueWithinMs;
		return (await this.#pg.query<PaymentRow>(sql.voidUnsent, [id, sends, deadMs]))[0];
	}

	/** Voided charges that are due for another lookup. */
	claimVoided(limit: number): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(sql.claimVoided, [limit]);
	}

	/**
	 * @param owner the user it must belong to, undefined for staff
	 * @param viewer who sees it: only its own customer sees where to approve it
	 */
	async get(
		by: "id" | "order_id",
		id: string,
		owner?: string,
		viewer = owner
	): Promise<Payment | undefined> {
		const statement = by === "id" ? shown.byId : shown.byOrder;
		const [found] = await this.#pg.query<{ payment: Payment }>(statement, [id, owner, viewer]);
		return found?.payment;
	}

	/**
	 * @param at as of this time
	 * @param viewer the customer who sees where to approve their own payment
	 */
	summaries(orderIds: string[], at?: string, viewer?: string): Promise<Summary[]> {
		const ids = orderIds.map(paymentIdOf);
		return at === undefined
			? this.#pg.query<Summary>(shown.summaries, [ids, viewer])
			: this.#pg.query<Summary>(shown.summariesAt, [ids, at]);
	}
}
