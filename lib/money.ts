import { decimalsOf, toDecimal } from "./currency/iso4217.ts";
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

/** n / d for n ≥ 0, rounded half to even (IEEE 754 roundTiesToEven): over many amounts it favours neither side. */
function divideHalfEven(n: bigint, d: bigint): bigint {
	const quotient = n / d;
	const twice = (n % d) * 2n;
	const up = twice > d || (twice === d && quotient % 2n === 1n);
	return up ? quotient + 1n : quotient;
}

/**
 * A share of an amount in basis points (1/100 of a percent), rounded half to even to a multiple of `step`. Exact at
 * any size.
 * @throws AMOUNT_TOO_LARGE beyond 2^53 - 1
 */
export function share(money: Money, basisPoints: number, step = 1): Money {
	const steps = divideHalfEven(BigInt(money.amount) * BigInt(basisPoints), 10_000n * BigInt(step));
	return checked(Number(steps * BigInt(step)), money.currency);
}

/** The nearest multiple of `step`, ties to the even one; at least one step, so that no price becomes free. */
export function roundToStep({ amount, currency }: Money, step: number): Money {
	const steps = divideHalfEven(BigInt(amount), BigInt(step));
	return checked(Math.max(Number(steps), 1) * step, currency);
}

/**
 * Splits an amount by weights (one or more integers ≥ 0) without losing a unit: largest remainder, ties to
 * the first; evenly if all weights are 0. The parts are multiples of `step` if the amount is one. No part is more
 * than its weight while the amount is at most their sum and all weights are multiples of the step. Exact at any size.
 */
export function allocate(amount: number, weights: readonly number[], step = 1): number[] {
	const unit = amount % step === 0 ? step : 1;
	const steps = amount / unit;
	const given = weights.some(weight => weight > 0) ? weights : weights.map(() => 1);
	const whole = given.reduce((total, weight) => total + BigInt(weight), 0n);
	const parts = given.map(weight => {
		const scaled = BigInt(steps) * BigInt(weight);
		return { part: Number(scaled / whole), rest: scaled % whole };
	});
	const left = steps - parts.reduce((total, { part }) => total + part, 0);
	const byRest = parts.toSorted((a, b) => Number(b.rest > a.rest) - Number(b.rest < a.rest));
	for (const share of byRest.slice(0, left)) share.part++;
	return parts.map(({ part }) => part * unit);
}

/**
 * The sum of two amounts ≥ 0, at most 2^53 - 1: for sales figures, which must not fail because they are large. In which
 * order amounts are added makes no difference.
 */
export function addCapped(a: number, b: number): number {
	return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}

/** A multiple of an amount ≥ 0, at most 2^53 - 1. */
export function timesCapped(amount: number, quantity: number): number {
	return Math.min(amount * quantity, Number.MAX_SAFE_INTEGER);
}

/** For display: `1234 USD` → `12.34 USD`, with the currency's number of decimals. Exact at any size. */
export function format({ amount, currency }: Money): string {
	return `${toDecimal(amount, decimalsOf(currency))} ${currency}`;
}
