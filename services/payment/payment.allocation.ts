import type { Share } from "../../contracts/payment.ts";
import { allocate } from "../../lib/money.ts";

/** What is left of each line of a payment after some refunds. */
export function remainingPerLine(lines: readonly Share[], refunds: readonly Share[]): Share[] {
	const refunded = new Map(merged(refunds).map(({ product_id, amount }) => [product_id, amount]));
	return lines.map(({ product_id, amount }) => ({
		product_id,
		amount: amount - (refunded.get(product_id) ?? 0)
	}));
}

/**
 * Allocates an amount to what is left of the lines, by largest remainder; lines that get nothing are omitted. So
 * no line is refunded beyond its share. Without lines the result is empty. Parts are multiples of `step`, unless what is
 * left of a line is none, as it may be of a payment from before.
 */
export function allocateToLines(amount: number, left: readonly Share[], step = 1): Share[] {
	if (left.length === 0) return [];
	const inSteps = left.every(line => line.amount % step === 0);
	const parts = allocate(
		amount,
		left.map(line => line.amount),
		inSteps ? step : 1
	);
	return left
		.map(({ product_id }, index) => ({ product_id, amount: parts[index]! }))
		.filter(part => part.amount > 0);
}

/** The parts with those of one product added up. */
export function merged(parts: readonly Share[]): Share[] {
	const amounts = new Map<string, number>();
	for (const { product_id, amount } of parts)
		amounts.set(product_id, (amounts.get(product_id) ?? 0) + amount);
	return [...amounts].map(([product_id, amount]) => ({ product_id, amount }));
}

/** Caps each part to what is left of its line; lines that get nothing are omitted. */
export function capToRemaining(parts: readonly Share[], left: readonly Share[]): Share[] {
	const before = new Map(left.map(({ product_id, amount }) => [product_id, amount]));
	return parts
		.map(({ product_id, amount }) => ({
			product_id,
			amount: Math.min(amount, before.get(product_id) ?? 0)
		}))
		.filter(part => part.amount > 0);
}

export const sum = (shares: readonly Share[]): number =>
	shares.reduce((total, { amount }) => total + amount, 0);

/** True for one line per product that sum to the amount. */
export function areLinesOf(amount: number, lines: readonly Share[]): boolean {
	const products = new Set(lines.map(({ product_id }) => product_id));
	return products.size === lines.length && sum(lines) === amount;
}
