import { payment, type Payment, type Share } from "../../../contracts/payment.ts";
import type { Transaction } from "../../../db/database.ts";
import { whenFree, type Answered, type Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { fail, invalid } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { systemActor, type Actor } from "../../../lib/identity.ts";
import type { Money } from "../../../lib/money.ts";
import {
	areLinesOf,
	remainingPerLine,
	allocateToLines,
	sum,
	capToRemaining
} from "../payment.allocation.ts";
import { IdempotencyConflict, type PaymentProvider } from "../provider/provider.ts";
import type { Balance, RefundRepository, RefundRow, RefundVerdict } from "./refund.repository.ts";
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

interface RefundInput {
	/** Undefined: all that is left. */
	amount: Money | undefined;
	/** Undefined: allocated to all lines. */
	lines?: Share[];
	reason: string;
	actor: Actor;
}

/** What a refund is for, once per payment, and its id, which is the provider's idempotency key. */
interface Purpose {
	id: string;
	purpose: string;
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

	constructor(options: RefundsOptions) {
		this.#options = options;
	}

	/**
	 * Refunds `amount`, in the payment's currency, or all that is left. The same key refunds once, and returns the
	 * first response, which is on disk before it is returned.
	 * @throws NOT_FOUND, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT, IDEMPOTENCY_KEY_REUSED;
	 *   VALIDATION_FAILED for another currency
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
			return (await this.#begin(tx, balance, { id, purpose: `refund:${id}` }, input))!;
		});
		if (!started) return (await this.#replay(request)) ?? fail("IDEMPOTENCY_KEY_REUSED");
		await this.#send(started, true);
		return this.#answer(request, started);
	}

	/**
	 * The response to a request whose key was used before. The first one may still wait for the provider, or may have
	 * crashed before it was answered.
	 */
	async #replay(request: KeyedRequest): Promise<Answered<Payment> | undefined> {
		const { idempotency, repository } = this.#options;
		const stored = await whenFree(async () => {
			const found = await idempotency.find<Payment>(request);
			return found && !found.is_answered && found.age_ms < refundWithinMs ? "in_use" : found;
		});
		if (!stored) return undefined;
		if (stored.is_answered) return { answer: stored.answer, replayed: true };
		const refund = (await repository.find(stored.subject!))!;
		await this.finish(refund, true);
		return this.#answer(request, refund);
	}

	async #answer(request: KeyedRequest, refund: RefundRow): Promise<Answered<Payment>> {
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
	 *   refusal; UNAVAILABLE while the refund is not certain
	 */
	async refundLines({ order_id, purpose, ...request }: LineRefundRequest): Promise<number> {
		if (!areLinesOf(request.amount.amount, request.lines))
			fail("VALIDATION_FAILED", "Lines must sum to the amount, one per product");
		const refund = await this.#refundOnce(order_id, purpose, request);
		if (!refund) return 0;
		const all = await this.#options.repository.ofPayment(refund.payment_id);
		assertSettled(all.filter(({ id }) => id === refund.id));
		return refund.amount_minor;
	}

	/**
	 * Refunds all that is left of an order's payment and finishes pending refunds. It may be repeated until it
	 * succeeds: once all is counted there is nothing left to start. Returns the payment's id.
	 * @throws NOT_FOUND; PAYMENT_NOT_REFUNDABLE, also while one is in review; UNAVAILABLE while not all refunds are
	 *   certain
	 */
	async refundRemaining(orderId: string, reason: string): Promise<string> {
		const { repository } = this.#options;
		const request = { amount: undefined, reason, actor: systemActor };
		const started = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "order_id", orderId));
			const before = await repository.ofPayment(balance.id, tx);
			const isAll = balance.refunded_minor === balance.amount_minor;
			const named = purposeOf(balance, `rest:${before.length}`);
			const rest = isAll ? undefined : await this.#begin(tx, balance, named, request);
			return { id: balance.id, amount: balance.amount_minor, before, rest };
		});
		await Promise.all([
			...started.before.map(refund => this.finish(refund)),
			started.rest && this.#send(started.rest)
		]);
		const active = (await repository.ofPayment(started.id)).filter(isCounted);
		assertSettled(active);
		// A refund of staff that was refused meanwhile has restored its amount: the next call refunds it.
		if (active.reduce((total, r) => total + r.amount_minor, 0) < started.amount)
			fail("UNAVAILABLE");
		return started.id;
	}

	/**
	 * Finds out the outcome of a pending refund; true when it is recorded now. Never rejects.
	 * @param isSeen by staff, who wait for it, unless they have a response
	 */
	async finish(refund: RefundRow, isSeen = false): Promise<boolean> {
		if (refund.status !== "pending") return false;
		const { provider, onProblem } = this.#options;
		const found = await provider
			.retrieveRefund(refund.id, refund.charge_ref)
			.catch((error: Error) => {
				onProblem("warn", `refund ${refund.id}: ${error.message}`);
				return "unreachable" as const;
			});
		switch (nextRefundStep(found, refund.age_ms)) {
			case "send":
				return this.#send(refund, isSeen);
			case "review":
				return this.#record(refund, { status: "review", reason: "unknown_for_a_day" });
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

	/** Checks a payment's refunds, after a webhook. */
	async wake({ id }: { id: string }): Promise<void> {
		const all = await this.#options.repository.ofPayment(id);
		await this.finishAll(all);
		await Promise.all(all.map(refund => this.#recheckSucceeded(refund)));
	}

	/** A bank may return a refund, up to 30 days later (docs.stripe.com/refunds#failed-refunds). */
	async #recheckSucceeded(refund: RefundRow): Promise<void> {
		if (refund.status !== "succeeded") return;
		const { provider } = this.#options;
		const found = await provider
			.retrieveRefund(refund.id, refund.charge_ref)
			.catch(() => undefined);
		if (found?.status === "failed") await this.#ended(refund, found, false);
	}

	/**
	 * Starts a refund, or finishes the one that this purpose has started before. None is started if nothing is left
	 * of the lines.
	 */
	async #refundOnce(
		orderId: string,
		purpose: string,
		request: RefundInput
	): Promise<RefundRow | undefined> {
		const { repository } = this.#options;
		const { refund, isNew } = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "order_id", orderId));
			const named = purposeOf(balance, purpose);
			const before = await repository.find(named.id, tx);
			if (!before) return { refund: await this.#begin(tx, balance, named, request), isNew: true };
			if (!isSame(before, request)) fail("IDEMPOTENCY_KEY_REUSED");
			return { refund: before, isNew: false };
		});
		if (refund) await (isNew ? this.#send(refund) : this.finish(refund));
		return refund;
	}

	async #begin(
		tx: Transaction,
		balance: Balance,
		{ id, purpose }: Purpose,
		{ amount, lines, reason, actor }: RefundInput
	): Promise<RefundRow | undefined> {
		const { repository } = this.#options;
		const { id: payment_id, currency } = balance;
		if (amount && amount.currency !== currency) refuseCurrency(currency);
		const left = balance.amount_minor - balance.refunded_minor;
		if (amount === undefined && left === 0) fail("PAYMENT_NOT_REFUNDABLE");
		const before = await repository.ofPayment(payment_id, tx);
		const capped = lines && cap(lines, balance, before);
		// Pending amounts may be restored, and would then be missing here.
		if (capped && sum(capped) < sum(lines)) assertSettled(before.filter(isCounted));
		const amount_minor = capped ? sum(capped) : (amount?.amount ?? left);
		if (amount_minor === 0) return undefined;
		if (amount_minor > left) fail(lines ? "PAYMENT_NOT_REFUNDABLE" : "REFUND_EXCEEDS_PAYMENT");
		const parts =
			capped ?? allocateToLines(amount_minor, remainingPerLine(balance.lines, counted(before)));
		const requested_minor = amount?.amount ?? null;
		const refund = { id, payment_id, purpose, requested_minor, amount_minor, reason, actor };
		if (!(await repository.begin(tx, { ...refund, lines: parts }))) fail("REFUND_EXCEEDS_PAYMENT");
		return (await repository.find(id, tx))!;
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

	/** Staff who wait for a refund see that it was refused; any other goes to review. */
	async #ended(refund: RefundRow, verdict: RefundVerdict, isSeen: boolean): Promise<boolean> {
		if (verdict.status !== "failed") return this.#record(refund, verdict);
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
		const settled = await repository.settle(id, verdict, status, unanswered);
		if (settled && verdict.status === "review")
			onProblem("error", `refund ${id} is in review: ${verdict.reason}`);
		return settled !== undefined;
	}
}

/** The saga's refunds have ids that follow from their purpose, so that a repetition finds them. */
const purposeOf = ({ id }: Balance, purpose: string): Purpose => ({
	id: derivedId(id, purpose),
	purpose
});

/** @throws PAYMENT_NOT_REFUNDABLE when one was refused or is in review; UNAVAILABLE when one is pending */
function assertSettled(refunds: RefundRow[]): void {
	if (refunds.some(({ status }) => status === "review" || status === "failed"))
		fail("PAYMENT_NOT_REFUNDABLE", "A refund was refused or is in review");
	if (refunds.some(({ status }) => status === "pending")) fail("UNAVAILABLE");
}

const isCounted = ({ status }: RefundRow) => status !== "failed";

/** Refunded amounts by line. */
const counted = (refunds: RefundRow[]): Share[] =>
	refunds.filter(isCounted).flatMap(({ lines }) => lines);

/** A payment from before lines were stored is not capped by them. */
function cap(requested: Share[], { lines }: Balance, refunds: RefundRow[]): Share[] {
	return lines.length > 0
		? capToRemaining(requested, remainingPerLine(lines, counted(refunds)))
		: requested;
}

function refundable(balance: Balance | undefined): Balance {
	if (!balance) return fail("NOT_FOUND");
	if (balance.status !== "succeeded") return fail("PAYMENT_NOT_REFUNDABLE");
	return balance;
}

function refuseCurrency(expected: string): never {
	const detail = `must be ${expected}`;
	invalid("/amount/currency", "currency", detail);
}

function isSame(before: RefundRow, { amount, reason }: RefundInput): boolean {
	const sameAmount = before.requested_minor === (amount?.amount ?? null);
	const sameCurrency = !amount || amount.currency === before.currency;
	return sameAmount && sameCurrency && before.reason === reason;
}
