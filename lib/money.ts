import { fail } from "./errors.ts";

/** Integer minor units (cents) of an ISO 4217 currency. Never a float, never a bare number. */
export interface Money {
	amount: number;
	currency: string;
}

function checked(amount: number, currency: string): Money {
	if (!Number.isSafeInteger(amount)) fail("AMOUNT_TOO_LARGE");
	return { amount, currency };
}

export function zero(currency: string): Money {
	return { amount: 0, currency };
}

/** @throws MIXED_CURRENCIES, AMOUNT_TOO_LARGE beyond 2^53 - 1 */
export function add(a: Money, b: Money): Money {
	if (a.currency !== b.currency) fail("MIXED_CURRENCIES");
	return checked(a.amount + b.amount, a.currency);
}

export function sum(terms: readonly Money[], currency: string): Money {
	return terms.reduce(add, zero(currency));
}

/** @throws AMOUNT_TOO_LARGE beyond 2^53 - 1 */
export function times(money: Money, quantity: number): Money {
	return checked(money.amount * quantity, money.currency);
}

/**
 * A share of an amount in basis points (1/100 of a percent), rounded half to even (IEEE 754
 * roundTiesToEven): over many orders the rounding favours neither side. Exact at any size.
 */
export function share(money: Money, basisPoints: number): Money {
	const scaled = BigInt(money.amount) * BigInt(basisPoints);
	const quotient = scaled / 10_000n;
	const twice = (scaled % 10_000n) * 2n;
	const up = twice > 10_000n || (twice === 10_000n && quotient % 2n === 1n);
	return checked(Number(up ? quotient + 1n : quotient), money.currency);
}

/**
 * Splits an amount by weights (one or more integers ≥ 0) without losing a unit: largest remainder, ties to
 * the first; evenly if all weights are 0. No part is more than its weight while the amount is at most
 * their sum. Exact at any size.
 */
export function allocate(amount: number, weights: readonly number[]): number[] {
	const given = weights.some(weight => weight > 0) ? weights : weights.map(() => 1);
	const whole = given.reduce((total, weight) => total + BigInt(weight), 0n);
	const parts = given.map(weight => {
		const scaled = BigInt(amount) * BigInt(weight);
		return { part: Number(scaled / whole), rest: scaled % whole };
	});
	const left = amount - parts.reduce((total, { part }) => total + part, 0);
	const byRest = parts.toSorted((a, b) => Number(b.rest > a.rest) - Number(b.rest < a.rest));
	for (const share of byRest.slice(0, left)) share.part++;
	return parts.map(({ part }) => part);
}

/** For display: `1234 USD` → `12.34 USD`, with the currency's number of decimals. */
export function format({ amount, currency }: Money): string {
	const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
		.maximumFractionDigits!;
	return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
}
