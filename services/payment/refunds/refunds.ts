import type { Share } from "../../../contracts/payment.ts";
import type { Transaction } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { derivedId } from "../../../lib/id.ts";
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
import type {
	Balance,
	Refunded,
	RefundRepository,
	RefundRow,
	RefundVerdict
} from "./refund.repository.ts";
import { nextRefundStep } from "../payment.reconciliation.ts";

export interface RefundsOptions {
	repository: RefundRepository;
	provider: PaymentProvider;
	/** Told of orders of which a refund was recorded that nobody waited for. */
	onLate(orderIds: string[]): void;
	/** Told of refunds whose outcome is not known, and of those that a human must look at. */
	onProblem(level: "warn" | "error", message: string): void;
}

interface RefundInput {
	/** Undefined: all that is left. */
	amount: Money | undefined;
	/** Undefined: spread over all. */
	lines?: Share[];
	reason: string;
	actor: Actor;
}

export interface LineRefundRequest extends RefundInput {
	amount: Money;
	lines: Share[];
	order_id: string;
	purpose: string;
}

/**
 * Pays back. A refund is counted and its row made in one transaction, before the provider hears of
 * it; while its outcome is not known it stays counted, so the sum never exceeds what was charged.
 */
export class Refunds {
	readonly #options: RefundsOptions;

	constructor(options: RefundsOptions) {
		this.#options = options;
	}

	/**
	 * Pays back `amount`, in the payment's currency, or all that is left. The same key pays back once, and
	 * is answered what it was answered first, which is on disk before it is told.
	 * @throws NOT_FOUND, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT, IDEMPOTENCY_KEY_REUSED;
	 *   VALIDATION_FAILED for another currency
	 */
	async refund(paymentId: string, key: string, request: RefundInput): Promise<Refunded> {
		const refund = await this.#refundOnce("id", paymentId, `refund:${key}`, request);
		const answer = await this.#options.repository.answer(refund!);
		await failpoint("payment.answer_refund.after_commit");
		return answer;
	}

	/**
	 * Pays back some lines of an order, of each at most what is left, once per purpose. Answers how
	 * much that is: what staff paid back before is not paid back again.
	 * @throws NOT_FOUND; VALIDATION_FAILED; IDEMPOTENCY_KEY_REUSED; PAYMENT_NOT_REFUNDABLE, also when it
	 *   was refused for good; UNAVAILABLE while it is not surely paid back
	 */
	async refundLines({ order_id, purpose, ...request }: LineRefundRequest): Promise<number> {
		if (!areLinesOf(request.amount.amount, request.lines))
			fail("VALIDATION_FAILED", "Lines must be the amount together, one per product");
		const refund = await this.#refundOnce("order_id", order_id, purpose, request);
		if (!refund) return 0;
		const all = await this.#options.repository.ofPayment(refund.payment_id);
		assertSettled(all.filter(({ id }) => id === refund.id));
		return refund.amount_minor;
	}

	/**
	 * Pays back all that is left of an order's payment and finishes what is pending. It may be called
	 * until it succeeds: once all is counted there is nothing left to begin. Answers the payment's id.
	 * @throws NOT_FOUND; PAYMENT_NOT_REFUNDABLE, also while a human must look; UNAVAILABLE while not
	 *   all is surely paid back
	 */
	async refundRemaining(orderId: string, reason: string): Promise<string> {
		const { repository } = this.#options;
		const request = { amount: undefined, reason, actor: systemActor };
		const started = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "order_id", orderId));
			const before = await repository.ofPayment(balance.id, tx);
			const isAll = balance.refunded_minor === balance.amount_minor;
			const rest = isAll
				? undefined
				: await this.#begin(tx, balance, `rest:${before.length}`, request);
			return { id: balance.id, amount: balance.amount_minor, before, rest };
		});
		await Promise.all([
			...started.before.map(refund => this.finish(refund)),
			started.rest && this.#send(started.rest)
		]);
		const active = (await repository.ofPayment(started.id)).filter(isCounted);
		assertSettled(active);
		// One of staff that was refused meanwhile has given its amount back: the next call begins it anew.
		if (active.reduce((total, r) => total + r.amount_minor, 0) < started.amount)
			fail("UNAVAILABLE");
		return started.id;
	}

	/**
	 * Finds out what became of a pending refund; true when that is recorded now. Never rejects.
	 * @param isSeen by staff, who wait for it, unless they were answered before
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

	/** Looks again what became of refunds that nobody waits for. */
	async finishAll(refunds: RefundRow[]): Promise<void> {
		const finished = await Promise.all(refunds.map(refund => this.finish(refund)));
		const orders = refunds.filter((_, index) => finished[index]).map(({ order_id }) => order_id);
		if (orders.length > 0) this.#options.onLate([...new Set(orders)]);
	}

	/** Looks again at a payment's refunds, as one does who heard that something happened. */
	async wake({ id }: { id: string }): Promise<void> {
		const all = await this.#options.repository.ofPayment(id);
		await this.finishAll(all);
		await Promise.all(all.map(refund => this.#recheckSucceeded(refund)));
	}

	/** A bank may send back what was paid, up to 30 days later (docs.stripe.com/refunds#failed-refunds). */
	async #recheckSucceeded(refund: RefundRow): Promise<void> {
		if (refund.status !== "succeeded") return;
		const { provider } = this.#options;
		const found = await provider
			.retrieveRefund(refund.id, refund.charge_ref)
			.catch(() => undefined);
		if (found?.status === "failed") await this.#ended(refund, found, false);
	}

	/**
	 * Begins a refund and asks for it, or finishes the one that this purpose has begun before. None is
	 * begun where nothing is left of the lines.
	 */
	async #refundOnce(
		by: "id" | "order_id",
		id: string,
		purpose: string,
		request: RefundInput
	): Promise<RefundRow | undefined> {
		const { repository } = this.#options;
		const { refund, isNew } = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, by, id));
			const before = await repository.find(tx, derivedId(balance.id, purpose));
			if (!before) return { refund: await this.#begin(tx, balance, purpose, request), isNew: true };
			if (!isSame(before, request)) fail("IDEMPOTENCY_KEY_REUSED");
			return { refund: before, isNew: false };
		});
		const isSeen = purpose.startsWith("refund:");
		if (refund && !refund.answered)
			await (isNew ? this.#send(refund, isSeen) : this.finish(refund, isSeen));
		return refund;
	}

	async #begin(
		tx: Transaction,
		balance: Balance,
		purpose: string,
		{ amount, lines, reason, actor }: RefundInput
	): Promise<RefundRow | undefined> {
		const { repository } = this.#options;
		const { id: payment_id, currency } = balance;
		if (amount && amount.currency !== currency) refuseCurrency(currency);
		const left = balance.amount_minor - balance.refunded_minor;
		if (amount === undefined && left === 0) fail("PAYMENT_NOT_REFUNDABLE");
		const before = await repository.ofPayment(payment_id, tx);
		const capped = lines && cap(lines, balance, before);
		// What is counted and not surely paid back may come free again, and is then missing here.
		if (capped && sum(capped) < sum(lines)) assertSettled(before.filter(isCounted));
		const amount_minor = capped ? sum(capped) : (amount?.amount ?? left);
		if (amount_minor === 0) return undefined;
		if (amount_minor > left) fail(lines ? "PAYMENT_NOT_REFUNDABLE" : "REFUND_EXCEEDS_PAYMENT");
		const parts =
			capped ?? allocateToLines(amount_minor, remainingPerLine(balance.lines, counted(before)));
		const id = derivedId(payment_id, purpose);
		const requested_minor = amount?.amount ?? null;
		const refund = { id, payment_id, purpose, requested_minor, amount_minor, reason, actor };
		if (!(await repository.begin(tx, { ...refund, lines: parts }))) fail("REFUND_EXCEEDS_PAYMENT");
		return (await repository.find(tx, id))!;
	}

	/** Asks the provider and records its answer; without one the refund stays pending. Never rejects. */
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

	/** Staff who wait for it see at once that it was refused; of any other nobody would hear. */
	async #ended(refund: RefundRow, verdict: RefundVerdict, isSeen: boolean): Promise<boolean> {
		if (verdict.status !== "failed") return this.#record(refund, verdict);
		if (isSeen && (await this.#record(refund, verdict, true))) return true;
		return this.#record(refund, { status: "review", reason: verdict.code });
	}

	/** @param unanswered only as long as nobody was answered */
	async #record(
		{ id, status }: RefundRow,
		verdict: RefundVerdict,
		unanswered = false
	): Promise<boolean> {
		const { repository, onProblem } = this.#options;
		const settled = await repository.settle(id, verdict, status, unanswered);
		if (settled && verdict.status === "review")
			onProblem("error", `refund ${id} needs a human: ${verdict.reason}`);
		return settled !== undefined;
	}
}

/** @throws PAYMENT_NOT_REFUNDABLE when one was refused, or awaits a human; UNAVAILABLE when one is pending */
function assertSettled(refunds: RefundRow[]): void {
	if (refunds.some(({ status }) => status === "review" || status === "failed"))
		fail("PAYMENT_NOT_REFUNDABLE", "The provider refused, or does not know; a human must look");
	if (refunds.some(({ status }) => status === "pending")) fail("UNAVAILABLE");
}

const isCounted = ({ status }: RefundRow) => status !== "failed";

/** What refunds have taken of the lines. */
const counted = (refunds: RefundRow[]): Share[] =>
	refunds.filter(isCounted).flatMap(({ lines }) => lines);

/** A payment from before lines were known is not capped by them. */
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
	fail("VALIDATION_FAILED", undefined, [{ pointer: "/amount/currency", code: "currency", detail }]);
}

function isSame(before: RefundRow, { amount, reason }: RefundInput): boolean {
	const sameAmount = before.requested_minor === (amount?.amount ?? null);
	const sameCurrency = !amount || amount.currency === before.currency;
	return sameAmount && sameCurrency && before.reason === reason;
}
