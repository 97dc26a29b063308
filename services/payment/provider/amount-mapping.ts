import { decimalsOf } from "../../../lib/currency/iso4217.ts";
import type { Money } from "../../../lib/money.ts";

/**
 * Amounts at the provider, for both drivers, because the simulator has Stripe's units too. Only drivers convert: the
 * shop has minor units of ISO 4217 everywhere else.
 */

/** Decimals of Stripe's unit where they are not those of ISO 4217 (docs.stripe.com/currencies). */
const stripeDecimals: Readonly<Record<string, number>> = {
	// Zero decimals in the standard; Stripe kept the two that they once had, which must be 00.
	ISK: 2,
	UGX: 2,
	// The standard's minor unit, the iraimbilanja, is a fifth and written with two decimals; Stripe takes whole ariary.
	MGA: 0
};

/** Stripe's units in one minor unit of the standard: 100 for ISK, 0.01 for MGA, 1 for most. */
function shift(currency: string): number {
	const decimals = decimalsOf(currency);
	return (stripeDecimals[currency] ?? decimals) - decimals;
}

/** Undefined for an amount that Stripe cannot express, such as half an ariary. */
export function toStripe({ amount, currency }: Money): number | undefined {
	const by = shift(currency);
	const converted = by < 0 ? amount / 10 ** -by : amount * 10 ** by;
	return Number.isSafeInteger(converted) ? converted : undefined;
}

/** @param code of Stripe, in lower case. A fraction that Stripe should not have stays one, so that it is noticed. */
export function fromStripe(amount: number, code: string): Money {
	const currency = code.toUpperCase();
	const by = shift(currency);
	return { amount: by < 0 ? amount * 10 ** -by : amount / 10 ** by, currency };
}
