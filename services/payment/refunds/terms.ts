import type { RefundState, Share } from "../../../contracts/payment.ts";
import { fail, invalid } from "../../../lib/errors.ts";
import { derivedId } from "../../../lib/id.ts";
import type { Actor } from "../../../lib/identity.ts";
import type { Money } from "../../../lib/money.ts";
import { payableStep } from "../../../lib/currency/payable.ts";
import { capToRemaining, remainingPerLine, sum } from "../payment.allocation.ts";
import type { ListedRefund } from "../provider/provider.ts";
import type { Balance, RefundRow } from "./refund.repository.ts";

/** What a refund is asked for, and what follows from a payment's refunds. */

export interface RefundInput {
	/** Undefined: all that is left. */
	amount: Money | undefined;
	/** Undefined: allocated to all lines. */
	lines?: Share[];
	reason: string;
	actor: Actor;
}

/** What a refund is for, once per payment, and its id, which is the provider's idempotency key. */
export interface Purpose {
	id: string;
	purpose: string;
}

/** The saga's refunds have ids that follow from their purpose, so that a repetition finds them. */
export const purposeOf = ({ id }: Balance, purpose: string): Purpose => ({
	id: derivedId(id, purpose),
	purpose
});

/** @throws PAYMENT_NOT_REFUNDABLE when one was refused or is in review */
export function stateOf(refunds: RefundRow[]): RefundState {
	if (refunds.some(({ status }) => status === "review" || status === "failed"))
		fail("PAYMENT_NOT_REFUNDABLE", "A refund was refused or is in review");
	return refunds.some(({ status }) => status === "pending") ? "pending" : "refunded";
}

/** The purpose without the number of the attempt, which the second one and later ones have. */
export const baseOf = (purpose: string) => purpose.replace(/#\d+$/, "");

/** Begins the purpose of a refund that the shop did not request; the provider's reference of it follows. */
export const elsewhere = "provider:";

export const isElsewhere = ({ purpose }: RefundRow) => purpose.startsWith(elsewhere);

/** True when the provider's refund is this one. */
export const isIn = (row: RefundRow, listed: ListedRefund) =>
	isElsewhere(row) ? row.purpose === `${elsewhere}${listed.ref}` : row.id === listed.key;

export const isOfStaff = ({ purpose }: RefundRow) => purpose.startsWith("refund:");

export const isCounted = ({ status }: RefundRow) => status !== "failed";

/** Refunded amounts by line. */
export const counted = (refunds: RefundRow[]): Share[] =>
	refunds.filter(isCounted).flatMap(({ lines }) => lines);

/** A payment from before lines were stored is not capped by them. */
export function cap(requested: Share[], { lines }: Balance, refunds: RefundRow[]): Share[] {
	return lines.length > 0
		? capToRemaining(requested, remainingPerLine(lines, counted(refunds)))
		: requested;
}

/** What may be refunded of a request that was refused before: no more than is left of the payment now. */
export function affordable(
	{ amount_minor, lines }: Pick<RefundRow, "amount_minor" | "lines">,
	balance: Balance,
	refunds: RefundRow[]
): Pick<RefundRow, "amount_minor" | "lines"> {
	const left = balance.amount_minor - balance.refunded_minor;
	if (balance.lines.length === 0) return { amount_minor: Math.min(amount_minor, left), lines };
	const capped = cap(lines, balance, refunds);
	return { amount_minor: sum(capped), lines: capped };
}

const refusals: Readonly<Record<string, string>> = {
	refund_exceeds_charge: "It is more than what is left of the charge",
	refunded_elsewhere: "Meanwhile too much was refunded at the provider",
	charge_disputed: "The charge is disputed by the customer's bank",
	charge_not_found: "The provider does not know the charge"
};

/** Why the provider refused a refund, in a sentence for staff. */
export const refusalOf = (code: string) => refusals[code] ?? `The provider says: ${code}`;

export function refundable(balance: Balance | undefined): Balance {
	if (!balance) return fail("NOT_FOUND");
	if (balance.status !== "succeeded") return fail("PAYMENT_NOT_REFUNDABLE");
	return balance;
}

export function refuseCurrency(expected: string): never {
	const detail = `must be ${expected}`;
	invalid("/amount/currency", "currency", detail);
}

/**
 * What staff ask for must be refundable at the provider; all that is left always is, because it was charged.
 * @throws VALIDATION_FAILED
 */
export function checkStep(amount: Money, left: number): void {
	const step = payableStep(amount.currency);
	if (amount.amount % step === 0 || amount.amount === left) return;
	invalid("/amount/amount", "multipleOf", `must be a multiple of ${step} in ${amount.currency}`);
}

export function isSame(before: RefundRow, { amount, reason }: RefundInput): boolean {
	const sameAmount = before.requested_minor === (amount?.amount ?? null);
	const sameCurrency = !amount || amount.currency === before.currency;
	return sameAmount && sameCurrency && before.reason === reason;
}
