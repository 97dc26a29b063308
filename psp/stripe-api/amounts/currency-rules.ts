import { toDecimal } from "../../../lib/currency/iso4217.ts";
import { payableCurrencies } from "../../../lib/currency/payable.ts";
import { wrong, type Refusal } from "../stripe-errors.ts";

/**
 * What the provider takes, in its own unit and in its own words (docs.stripe.com/currencies). Stated apart from the
 * shop's `lib/currency/payable.ts`, except for the list of currencies, so that a mistake there is refused here.
 */
const zeroDecimal = new Set(
	"BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ")
);
const threeDecimal = new Set("BHD JOD KWD OMR TND".split(" "));
/** Without a minor unit today, and in two decimals nevertheless. */
const wholeOnly = new Set(["ISK", "UGX"]);

/** Least charge in whole units, where there is one. */
const minima = new Map([
	[0.3, "GBP"],
	[0.5, "ARS AUD BRL CAD CHF COP EUR IDR ILS INR NZD PHP RUB SGD USD ZAR"],
	[2, "AED MYR PLN RON"],
	[2.5, "DKK"],
	[3, "NOK SEK"],
	[4, "HKD"],
	[10, "MXN THB"],
	[15, "CZK"],
	[50, "JPY KRW"],
	[175, "HUF"]
] as const);

/** Digits of the amount. */
const longest: Readonly<Record<string, number>> = {
	IDR: 12,
	LBP: 11,
	COP: 10,
	HUF: 10,
	JPY: 10,
	INR: 9
};
const usualDigits = 8;

/** Of the provider's unit. */
function decimalsOf(currency: string): number {
	if (zeroDecimal.has(currency)) return 0;
	return threeDecimal.has(currency) ? 3 : 2;
}

/** For display: `1234 USD` → `12.34 USD`. */
export function formatAmount(amount: number, currency: string): string {
	return `${toDecimal(amount, decimalsOf(currency))} ${currency}`;
}

function minimumOf(currency: string): number {
	const [whole = 0] = [...minima].find(([, codes]) => codes.split(" ").includes(currency)) ?? [];
	return Math.round(whole * 10 ** decimalsOf(currency));
}

/** Amounts are multiples of it. */
function multipleOf(currency: string): number {
	if (wholeOnly.has(currency)) return 100;
	return threeDecimal.has(currency) ? 10 : 1;
}

function refusedMultiple(amount: number, currency: string): Refusal | undefined {
	const step = multipleOf(currency);
	if (amount % step === 0) return undefined;
	return wrong("amount", `Invalid ${currency} amount: it must be divisible by ${step}.`);
}

/** Why a refund of a charge is refused; undefined if it is not. A charge from before the rule is refunded as it is. */
export function refusedRefund(
	amount: number,
	{ amount: charged, currency }: { amount: number; currency: string }
): Refusal | undefined {
	return refusedMultiple(charged, currency) ? undefined : refusedMultiple(amount, currency);
}

/** Why a charge is refused; undefined if it is not. */
export function refusedCharge(amount: number, currency: string): Refusal | undefined {
	if (!payableCurrencies.has(currency)) {
		const supported = [...payableCurrencies].join(", ").toLowerCase();
		const code = currency.toLowerCase();
		return wrong("currency", `Invalid currency: ${code}. These are supported: ${supported}`);
	}
	const digits = longest[currency] ?? usualDigits;
	if (String(amount).length > digits)
		return wrong("amount", `Amount must have at most ${digits} digits.`, "amount_too_large");
	const minimum = minimumOf(currency);
	if (amount < minimum)
		return wrong("amount", `Amount must be at least ${minimum}.`, "amount_too_small");
	return refusedMultiple(amount, currency);
}
