import type { Charge, Payment, PaymentStatus } from "../../../contracts/payment.ts";
import type { Database } from "../../../db/database.ts";
import { derivedId } from "../../../lib/id.ts";
import type { Outcome } from "../provider/provider.ts";
import * as shown from "../payment.representation.ts";
import * as sql from "./payment.statements.ts";
import { queueWithinMs, sendWithinMs, type Unsettled } from "../payment.reconciliation.ts";

/** A payment as the charging part sees it. One that is only a bar has no amount, and needs none. */
export interface PaymentRow extends Unsettled {
	id: string;
	order_id: string;
	amount_minor: number;
	currency: string;
	payment_method: string;
	status: PaymentStatus;
	failure_code: string | null;
	/** The provider's name for the charge, where it has told one. */
	provider_ref: string | null;
	action_url: string | null;
	/** How often it may have been sent: a fence, by which an attempt is taken in hand. */
	sends: number;
}

/** How a charge ended, or why a human must look. */
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

/** The one id a payment of this order can have: row, provider key and answer agree on it. */
export function paymentIdOf(orderId: string): string {
	return derivedId(orderId, "charge");
}

/** Charges and reads; refunds are in refund.repository.ts. */
export class PaymentRepository {
	readonly #pg: Database;

	constructor(pg: Database) {
		this.#pg = pg;
	}

	/** Makes the rows of orders that have none; answers those. On disk when it resolves. */
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

	/** Bars orders that have no row from ever being charged. On disk when it resolves. */
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

	/**
	 * Records how charges ended; answers the rows it changed, which are those that were processing.
	 * It does not wait for the disk: the provider can be asked again.
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

	/** Puts payments before a human, whatever their state; answers those that were not there yet. */
	review(ids: string[], reason: string): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(sql.review, [ids, reason]);
	}

	/** Notes where the customer must act, and begins their time; undefined when that was done before. */
	async challenge(
		{ id }: PaymentRow,
		{ ref, url }: { ref: string; url: string },
		withinMs: number
	): Promise<PaymentRow | undefined> {
		return (await this.#pg.query<PaymentRow>(sql.challenge, [id, ref, url, withinMs]))[0];
	}

	/**
	 * Takes another attempt at a charge in hand; undefined when somebody else has done that. On disk
	 * when it resolves: a charge that was sent must never look as if it was not.
	 */
	async resend({ id, sends }: PaymentRow): Promise<PaymentRow | undefined> {
		return (await this.#pg.query<PaymentRow>(sql.resend, [id, sends]))[0];
	}

	/** Notes that an attempt was turned away, and when it may be made again. Nothing is lost if this is. */
	async deferAttempt({ id, sends }: PaymentRow, pauseMs: number): Promise<void> {
		await this.#pg.deferred(sql.deferAttempt, [id, sends, pauseMs]);
	}

	/** Takes back attempts that surely never reached the provider. Nothing is lost if this is. */
	async revertSend(rows: PaymentRow[]): Promise<void> {
		await this.#pg.deferred(sql.revertSend, sql.sentRows.values(rows));
	}

	/**
	 * Voids a charge that the provider does not know; undefined when it may still come to be, or was
	 * taken in hand again.
	 */
	async voidUnsent(
		{ id, sends }: PaymentRow,
		maxProcessingMs: number
	): Promise<PaymentRow | undefined> {
		const deadMs = maxProcessingMs + sendWithinMs + queueWithinMs;
		return (await this.#pg.query<PaymentRow>(sql.voidUnsent, [id, sends, deadMs]))[0];
	}

	/** Charges that were voided, and that nobody has looked for since for a while. */
	claimVoided(limit: number): Promise<PaymentRow[]> {
		return this.#pg.query<PaymentRow>(sql.claimVoided, [limit]);
	}

	/** @param owner the user it must belong to, undefined for staff */
	async get(by: "id" | "order_id", id: string, owner?: string): Promise<Payment | undefined> {
		const statement = by === "id" ? shown.byId : shown.byOrder;
		const [found] = await this.#pg.query<{ payment: Payment }>(statement, [id, owner ?? null]);
		return found?.payment;
	}

	/** @param at an instant: as things stood then */
	summaries(orderIds: string[], at?: string): Promise<Summary[]> {
		const ids = orderIds.map(paymentIdOf);
		return at === undefined
			? this.#pg.query<Summary>(shown.summaries, [ids])
			: this.#pg.query<Summary>(shown.summariesAt, [ids, at]);
	}
}
