import type { Transaction } from "../../db/database.ts";
import { fail } from "../../lib/errors.ts";
import { derivedId } from "../../lib/id.ts";
import type { Money } from "../../lib/money.ts";
import { ask } from "./payment.calls.ts";
import type { PaymentProvider } from "./payment.provider.ts";
import type { Balance, RefundRepository, RefundRow } from "./payment.refunds.repository.ts";
import { mayResend } from "./payment.unknown.ts";

export interface RefundsOptions {
	repository: RefundRepository;
	provider: PaymentProvider;
	/** Told of refunds whose outcome is not known. */
	onTrouble(level: "warn" | "error", message: string): void;
}

interface Request {
	amount: Money | undefined;
	reason: string;
	requestedBy: string;
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
	 * Pays back `amount`, in the payment's currency, or all that is left. The same key pays back
	 * once and finishes what was left pending.
	 * @throws NOT_FOUND, PAYMENT_NOT_REFUNDABLE, REFUND_EXCEEDS_PAYMENT, IDEMPOTENCY_KEY_REUSED;
	 *   VALIDATION_FAILED for another currency
	 */
	async refund(paymentId: string, key: string, request: Request): Promise<void> {
		const { repository } = this.#options;
		const refund = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "id", paymentId));
			const purpose = `refund:${key}`;
			const before = await repository.find(tx, derivedId(balance.id, purpose));
			if (!before) return this.#begin(tx, balance, purpose, request);
			if (!isSame(before, request)) fail("IDEMPOTENCY_KEY_REUSED");
			return before;
		});
		await this.#finish(refund);
	}

	/**
	 * Pays back all that is left of an order's payment and finishes what is pending. It may be called
	 * until it succeeds: once all is counted there is nothing left to begin. Answers the payment's id.
	 * @throws NOT_FOUND; PAYMENT_NOT_REFUNDABLE, also when the provider refused it before; UNAVAILABLE
	 *   while not all is surely paid back
	 */
	async reverse(orderId: string, reason: string): Promise<string> {
		const { repository } = this.#options;
		const request = { amount: undefined, reason, requestedBy: "system" };
		const paymentId = await repository.transaction(async tx => {
			const balance = refundable(await repository.lock(tx, "order_id", orderId));
			if (balance.refunded_minor === balance.amount_minor) return balance.id;
			const purpose = `reverse:${balance.refunded_minor}`;
			if (await repository.find(tx, derivedId(balance.id, purpose))) fail("PAYMENT_NOT_REFUNDABLE");
			await this.#begin(tx, balance, purpose, request);
			return balance.id;
		});
		for (const refund of await repository.pending(paymentId)) await this.#finish(refund);
		if (!(await repository.isWhole(paymentId))) fail("UNAVAILABLE");
		return paymentId;
	}

	async #begin(
		tx: Transaction,
		{ id: payment_id, amount_minor, refunded_minor, currency }: Balance,
		purpose: string,
		{ amount, reason, requestedBy }: Request
	): Promise<RefundRow> {
		const { repository } = this.#options;
		if (amount && amount.currency !== currency) refuseCurrency(currency);
		const left = amount_minor - refunded_minor;
		if (amount === undefined && left === 0) fail("PAYMENT_NOT_REFUNDABLE");
		const id = derivedId(payment_id, purpose);
		const counted = await repository.begin(tx, {
			id,
			payment_id,
			purpose,
			requested_minor: amount?.amount ?? null,
			amount_minor: amount?.amount ?? left,
			reason,
			requested_by: requestedBy
		});
		if (!counted) fail("REFUND_EXCEEDS_PAYMENT");
		return (await repository.find(tx, id))!;
	}

	/** Asks the provider and records its answer; without one the refund stays pending. */
	async #finish({ id, status, age_ms, charge_ref, ...refund }: RefundRow): Promise<void> {
		const { provider, repository, onTrouble } = this.#options;
		if (status !== "pending") return;
		if (!mayResend(age_ms)) return onTrouble("error", `refund ${id} needs a human`);
		try {
			const amount = { amount: refund.amount_minor, currency: refund.currency };
			const { reason } = refund;
			const outcome = await ask(() => provider.refund({ key: id, charge_ref, amount, reason }));
			if (outcome.status !== "pending") await repository.settle(id, outcome);
		} catch (error) {
			onTrouble("warn", `refund ${id}: ${(error as Error).message}`);
		}
	}
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

function isSame(before: RefundRow, { amount, reason }: Request): boolean {
	const sameAmount = before.requested_minor === (amount?.amount ?? null);
	const sameCurrency = !amount || amount.currency === before.currency;
	return sameAmount && sameCurrency && before.reason === reason;
}
