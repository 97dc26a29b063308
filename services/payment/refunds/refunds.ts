import { payment, type Payment, type RefundState, type Share } from "../../../contracts/payment.ts";
import type { Transaction } from "../../../db/database.ts";
import { whenFree, type Answered, type Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { fail } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { newId } from "../../../lib/id.ts";
import { systemActor } from "../../../lib/identity.ts";
import type { Money } from "../../../lib/money.ts";
import { payableStep } from "../../../lib/currency/payable.ts";
import { areLinesOf, remainingPerLine, allocateToLines, sum } from "../payment.allocation.ts";
import {
	IdempotencyConflict,
	type PaymentProvider,
	type RefundOutcome
} from "../provider/provider.ts";
import type {
	Balance,
	NewRefund,
	RefundRepository,
	RefundRow,
	RefundVerdict
} from "./refund.repository.ts";
import { RefundsElsewhere } from "./elsewhere.ts";
import {
	affordable,
	baseOf,
	cap,
	checkStep,
	counted,
	isCounted,
	isElsewhere,
	isIn,
	isOfStaff,
	isSame,
	purposeOf,
	type Purpose,
	refundable,
	refusalOf,
	type RefundInput,
	refuseCurrency,
	stateOf
} from "./terms.ts";
import { nextRefundStep } from "../payment.reconciliation.ts";

export interface RefundsOptions {
	repository: RefundRepository;
	idempotency: Idempotency;
	provider: PaymentProvider;
	/** Called for orders with a refund that was recorded after its call had returned. */
	onLate(orderIds: string[]): void;
	/** Called for refunds with unknown outcomes, and for those in review. */
	onProblem(level: "warn" | "error", message: string): void;
}

/** Longest call of `payment.refund`. */
const refundWithinMs = payment.actions.refund.timeoutMs;

export interface LinesRefunded {
	state: RefundState;
	/** In minor units; 0 while it is pending. */
	refunded: number;
}

export interface LineRefundRequest extends RefundInput {
	amount: Money;
	lines: Share[];
	order_id: string;
	purpose: string;
}

/**
 * Refunds. A refund is counted and its row inserted in one transaction, before the provider is called; while its
 * outcome is unknown it stays counted, so the sum never exceeds the charged amount.
 */
export class Refunds {
	readonly #options: RefundsOptions;
	readonly #elsewhere: RefundsElsewhere;

	constructor(options: RefundsOptions) {
		this.#options = options;
		this.#elsewhere = new RefundsElsewhere(options);
	}

	/**
	 * Refunds `amount`, in the payment's currency, or all that is left. The same key refunds once, and returns the
	 * first response, which is on disk before it is returned.
	 * @throws NOT_FOUND, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT, IDEMPOTENCY_KEY_REUSED; REFUND_REFUSED by
	 *   the provider; VALIDATION_FAILED for another currency
	 */
	async refund(
		paymentId: string,
		request: KeyedRequest,
		input: RefundInput
	): Promise<Answered<Payment>> {
		const { idempotency, repository } = this.#options;
		const first = await this.#replay(request);
		if (first) return first;
		const id = newId();
		const started = await idempotency.claimed(request, id, async tx => {
			const balance = refundable(await repository.lock(tx, "id", paymentId));
			return (await this.#begin(tx, balance, { id, purpose: `refund:${id}` }, input)) as RefundRow;
		});
		if (!started) return (await this.#replay(request)) ?? fail("IDEMPOTENCY_KEY_REUSED");
		await this.#send(started, true);
		return madeOrRefused({ answer: await this.#answer(request, started), replayed: false }, id);
	}

	/**
	 * The response to a request whose key was used before. The first one may still wait for the provider, or may have
	 * crashed before it was answered.
	 */
	async #replay(request: KeyedRequest): Promise<Answered<Payment> | undefined> {
		const { idempotency, repository } = this.#options;
		const stored = await whenFree(async () => {
			const found = await idempotency.find<Payment>(request);
			if (!found || found.is_answered || found.age_ms > refundWithinMs) return found;
			const refund = await repository.find(found.subject!);
			return refund!.status === "pending" ? "in_use" : found;
		});
		if (!stored) return undefined;
		const id = stored.subject!;
		if (stored.is_answered) return madeOrRefused({ answer: stored.answer, replayed: true }, id);
		const refund = (await repository.find(id))!;
		await this.finish(refund, true);
		return madeOrRefused({ answer: await this.#answer(request, refund), replayed: true }, id);
	}

	async #answer(request: KeyedRequest, refund: RefundRow): Promise<Payment> {
		const { idempotency, repository } = this.#options;
		const answered = await repository.transaction(async tx => {
			const payment = await repository.markAnswered(tx, refund);
			const first = await idempotency.answerIn(tx, request, payment);
			await failpoint("payment.answer_refund.before_commit");
			return first;
		});
		await failpoint("payment.answer_refund.after_commit");
		return answered;
	}

	/**
	 * Refunds some lines of an order, at most what is left of each, once per purpose. Returns the amount: units that
	 * staff refunded before are not refunded again.
	 * @throws NOT_FOUND; VALIDATION_FAILED; IDEMPOTENCY_KEY_REUSED; PAYMENT_NOT_REFUNDABLE, also after a permanent
	 *   refusal
	 */
	async refundLines({ order_id, purpose, ...request }: LineRefundRequest): Promise<LinesRefunded> {
		if (!areLinesOf(request.amount.amount, request.lines))
			fail("VALIDATION_FAILED", "Lines must sum to the amount, one per product");
		const refund = await this.#refundOnce(order_id, purpose, request);
		if (refund === "pending") return { state: "pending", refunded: 0 };
		if (!refund) return { state: "refunded", refunded: 0 };
		const now = (await this.#options.repository.find(refund.id))!;
		// It was refused because of refunds elsewhere: the next call refunds what is left.
		const state = now.status === "failed" ? "pending" : stateOf([now]);
		return { state, refunded: state === "pending" ? 0 : refund.amount_minor };
	}

	/**
	 * Refunds all that is left of an order's payment and finishes pending refunds. It may be repeated until all is
	 * refunded: once all is counted there is nothing left to start.
	 * @throws NOT_FOUND; PAYMENT_NOT_REFUNDABLE, also while one is in review
	 */
	async refundRemaining(
		orderId: string,
		reason: string
	): Promise<{ payment_id: string; state: RefundState }> {
		const { repository } = this.#options;
		const request = { amount: undefined, reason, actor: systemActor };
		const started = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "order_id", orderId));
			const before = await repository.ofPayment(balance.id, tx);
			const isAll = balance.refunded_minor === balance.amount_minor;
			const named = purposeOf(balance, `rest:${before.length}`);
			const rest = isAll ? undefined : await this.#begin(tx, balance, named, request);
			return { id: balance.id, amount: balance.amount_minor, before, rest: rest as RefundRow };
		});
		await Promise.all([
			...started.before.map(refund => this.finish(refund)),
			started.rest && this.#send(started.rest)
		]);
		const active = (await repository.ofPayment(started.id)).filter(isCounted);
		// A refund of staff that was refused meanwhile has restored its amount: the next call refunds it.
		const isAll = active.reduce((total, r) => total + r.amount_minor, 0) === started.amount;
		const state = stateOf(active);
		return { payment_id: started.id, state: isAll ? state : "pending" };
	}

	/**
	 * Starts a refund of the shop again that was not made, as staff have found: it has the same lines and amount, as
	 * far as they were not refunded elsewhere meanwhile. What staff refund by themselves they repeat by themselves.
	 */
	async startAgain(tx: Transaction, refund: RefundRow): Promise<RefundRow | undefined> {
		if (isOfStaff(refund) || isElsewhere(refund)) return undefined;
		const { repository } = this.#options;
		const balance = refundable(await repository.lock(tx, "id", refund.payment_id));
		const base = baseOf(refund.purpose);
		const before = await repository.ofPayment(refund.payment_id, tx);
		const attempts = before.filter(({ purpose }) => baseOf(purpose) === base).length;
		const part = affordable(refund, balance, before);
		if (part.amount_minor === 0) return undefined;
		return this.#insert(tx, purposeOf(balance, `${base}#${attempts + 1}`), {
			payment_id: balance.id,
			requested_minor: refund.requested_minor,
			...part,
			reason: refund.reason,
			actor: systemActor
		});
	}

	/**
	 * Finds out the outcome of a pending refund; true when it is recorded now. Never rejects.
	 * @param isSeen by staff, who wait for it, unless they have a response
	 */
	async finish(refund: RefundRow, isSeen = false): Promise<boolean> {
		if (refund.status !== "pending") return false;
		const found = await this.#find(refund);
		switch (nextRefundStep(found, refund.age_ms, isElsewhere(refund))) {
			case "send":
				return (await this.#elsewhere.replaces(refund)) || this.#send(refund, isSeen);
			case "review":
				return this.#record(refund, {
					status: "review",
					reason: typeof found === "object" ? "pending_for_a_month" : "unknown_for_a_day"
				});
			case "record":
				return this.#ended(refund, found as RefundVerdict, isSeen);
			default:
				return false;
		}
	}

	/** Checks refunds that no call waits for. */
	async finishAll(refunds: RefundRow[]): Promise<void> {
		const finished = await Promise.all(refunds.map(refund => this.finish(refund)));
		const orders = refunds.filter((_, index) => finished[index]).map(({ order_id }) => order_id);
		if (orders.length > 0) this.#options.onLate([...new Set(orders)]);
	}

	/**
	 * Checks a payment's refunds, after a webhook, and books those that were made elsewhere.
	 * @throws UNAVAILABLE when the provider does not tell how one stands
	 */
	async wake(payment: { id: string; provider_ref: string | null }): Promise<void> {
		const { repository, onLate } = this.#options;
		const all = await repository.ofPayment(payment.id);
		await this.finishAll(all);
		await Promise.all(all.map(refund => this.#recheckSucceeded(refund)));
		const isNew =
			payment.provider_ref && (await this.#elsewhere.book(payment.id, payment.provider_ref));
		if (isNew) onLate([(await repository.ofPayment(payment.id))[0]!.order_id]);
	}

	/** A bank may return a refund, up to 30 days later (docs.stripe.com/refunds#failed-refunds). */
	async #recheckSucceeded(refund: RefundRow): Promise<void> {
		if (refund.status !== "succeeded") return;
		const found = await this.#find(refund);
		if (found === "unreachable")
			fail("UNAVAILABLE", "the provider did not tell how a refund stands");
		if (found?.status !== "failed") return;
		if (await this.#ended(refund, found, false)) this.#options.onLate([refund.order_id]);
	}

	/** How the refund stands at the provider; undefined if it is not known there. */
	async #find(refund: RefundRow): Promise<RefundOutcome | "unreachable" | undefined> {
		const { provider, onProblem } = this.#options;
		try {
			const listed = await provider.refundsOf(refund.charge_ref);
			return listed.find(one => isIn(refund, one))?.outcome;
		} catch (error) {
			onProblem("warn", `refund ${refund.id}: ${(error as Error).message}`);
			return "unreachable";
		}
	}

	/**
	 * Starts a refund, or finishes the one that this purpose has started before. None is started if nothing is left
	 * of the lines.
	 */
	async #refundOnce(
		orderId: string,
		purpose: string,
		request: RefundInput
	): Promise<RefundRow | "pending" | undefined> {
		const { repository } = this.#options;
		const { refund, isNew } = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "order_id", orderId));
			const named = purposeOf(balance, purpose);
			const all = await repository.ofPayment(balance.id, tx);
			const before = all.findLast(one => baseOf(one.purpose) === purpose);
			if (!before) return { refund: await this.#begin(tx, balance, named, request), isNew: true };
			if (!isSame(before, request)) fail("IDEMPOTENCY_KEY_REUSED");
			// Decided by a version that did not start it again.
			if (before.status === "failed")
				return { refund: await this.startAgain(tx, before), isNew: true };
			return { refund: before, isNew: false };
		});
		if (refund && refund !== "pending") await (isNew ? this.#send(refund) : this.finish(refund));
		return refund;
	}

	/** `pending`: how much is left of the lines depends on another refund. Undefined: nothing is left of them. */
	async #begin(
		tx: Transaction,
		balance: Balance,
		named: Purpose,
		{ amount, lines, reason, actor }: RefundInput
	): Promise<RefundRow | "pending" | undefined> {
		const { repository } = this.#options;
		const { id: payment_id, currency } = balance;
		if (amount && amount.currency !== currency) refuseCurrency(currency);
		const left = balance.amount_minor - balance.refunded_minor;
		if (amount && !lines) checkStep(amount, left);
		if (amount === undefined && left === 0) fail("PAYMENT_NOT_REFUNDABLE");
		const before = await repository.ofPayment(payment_id, tx);
		const capped = lines && cap(lines, balance, before);
		// Pending amounts may be restored, and would then be missing here.
		if (capped && sum(capped) < sum(lines) && stateOf(before.filter(isCounted)) === "pending")
			return "pending";
		const amount_minor = capped ? sum(capped) : (amount?.amount ?? left);
		if (amount_minor === 0) return undefined;
		if (amount_minor > left) fail(lines ? "PAYMENT_NOT_REFUNDABLE" : "REFUND_EXCEEDS_PAYMENT");
		const perLine = remainingPerLine(balance.lines, counted(before));
		const parts = capped ?? allocateToLines(amount_minor, perLine, payableStep(currency));
		const requested_minor = amount?.amount ?? null;
		const terms = { payment_id, requested_minor, amount_minor, lines: parts, reason, actor };
		return this.#insert(tx, named, terms);
	}

	async #insert(
		tx: Transaction,
		named: Purpose,
		terms: Omit<NewRefund, keyof Purpose>
	): Promise<RefundRow> {
		const { repository } = this.#options;
		if (!(await repository.begin(tx, { ...named, ...terms }))) fail("REFUND_EXCEEDS_PAYMENT");
		return (await repository.find(named.id, tx))!;
	}

	/** Calls the provider and records the outcome; without one the refund stays pending. Never rejects. */
	async #send(refund: RefundRow, isSeen = false): Promise<boolean> {
		const { provider, onProblem } = this.#options;
		const { id: key, payment_id, charge_ref, amount_minor, currency, reason } = refund;
		try {
			const amount = { amount: amount_minor, currency };
			const outcome = await provider.refund({ key, payment_id, charge_ref, amount, reason });
			if (outcome.status === "pending") return false;
			return await this.#ended(refund, outcome, isSeen);
		} catch (error) {
			if (error instanceof IdempotencyConflict)
				return this.#record(refund, { status: "review", reason: "provider_conflict" });
			onProblem("warn", `refund ${key}: ${(error as Error).message}`);
			return false;
		}
	}

	/**
	 * Staff who wait for a refund see that it was refused; any other goes to review, unless the money was refunded
	 * elsewhere, or the shop did not request it.
	 */
	async #ended(refund: RefundRow, verdict: RefundVerdict, isSeen: boolean): Promise<boolean> {
		if (verdict.status !== "failed" || isElsewhere(refund)) return this.#record(refund, verdict);
		const { code } = verdict;
		if (code === "refund_exceeds_charge" && (await this.#elsewhere.explains(refund, code)))
			return true;
		if (isSeen && (await this.#record(refund, verdict, true))) return true;
		return this.#record(refund, { status: "review", reason: verdict.code });
	}

	/** @param unanswered only if no response was returned */
	async #record(
		{ id, status }: RefundRow,
		verdict: RefundVerdict,
		unanswered = false
	): Promise<boolean> {
		const { repository, onProblem } = this.#options;
		const settled = await repository.settle(id, verdict, status, { unanswered });
		if (settled && verdict.status === "review")
			onProblem("error", `refund ${id} is in review: ${verdict.reason}`);
		return settled !== undefined;
	}
}

/** @throws REFUND_REFUSED when the response to a request says that the provider refused its refund */
function madeOrRefused(answered: Answered<Payment>, id: string): Answered<Payment> {
	const { status, failure_code } = answered.answer.refunds.find(refund => refund.id === id) ?? {};
	if (status !== "failed") return answered;
	return fail("REFUND_REFUSED", refusalOf(failure_code ?? "unknown"));
}
