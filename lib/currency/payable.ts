import { decimalsOf } from "./iso4217.ts";

/**
 * What the shop's payment provider takes by card, in minor units of ISO 4217: stated once, so that a price, a
 * shipping fee or an order that could never be paid is refused before a customer pays. The rules are Stripe's
 * (docs.stripe.com/currencies). The provider's own units are the driver's affair
 * (`services/payment/provider/amount-mapping.ts`).
 */
export interface Payable {
	/** Charged and refunded amounts are multiples of it. */
	readonly step: number;
	/** Least and most of one charge. */
	readonly minimum: number;
	readonly maximum: number;
}

/** Currencies of charges, those with three decimals last. Other currencies of ISO 4217 cannot be paid. */
export const payableCurrencies: ReadonlySet<string> = new Set(
	`AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY COP CRC
	CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JPY
	KES KGS KHR KMF KRW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO
	NOK NPR NZD PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP
	TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
	BHD JOD KWD OMR TND`.split(/\s+/)
);

/** A table in one text: `"AED 200, ARS 50"`. */
function amounts(table: string): ReadonlyMap<string, number> {
	const rows = table.split(/,\s*/).map(row => row.split(" ") as [string, string]);
	return new Map(rows.map(([currency, amount]) => [currency, Number(amount)]));
}

/** Least charge where the provider states one, so that its fee does not exceed the charge. */
const minima = amounts(
	`AED 200, ARS 50, AUD 50, BRL 50, CAD 50, CHF 50, COP 50, CZK 1500, DKK 250, EUR 50, GBP 30, HKD 400, HUF 17500,
	IDR 50, ILS 50, INR 50, JPY 50, KRW 50, MXN 1000, MYR 200, NOK 300, NZD 50, PHP 50, PLN 200, RON 200, RUB 50,
	SEK 300, SGD 50, THB 1000, USD 50, ZAR 50`
);

/**
 * Most of one charge: eight digits of the provider's unit, more for currencies with small units. Its unit of ISK and
 * UGX is a hundredth of the standard's, and that of MGA a hundred.
 */
const maxima = amounts(
	`IDR 999999999999, LBP 99999999999, COP 9999999999, HUF 9999999999, JPY 9999999999, INR 999999999,
	ISK 999999, UGX 999999, MGA 9999999900`
);
const mostOfOthers = 99_999_999;

/** The last of three decimals is 0, and the ariary is charged in whole ones only. */
function stepOf(currency: string): number {
	if (currency === "MGA") return 100;
	return decimalsOf(currency) === 3 ? 10 : 1;
}

/** Undefined for a currency that cannot be paid. */
export function payable(currency: string): Payable | undefined {
	if (!payableCurrencies.has(currency)) return undefined;
	const step = stepOf(currency);
	const most = maxima.get(currency) ?? mostOfOthers;
	const minimum = Math.max(step, minima.get(currency) ?? step);
	return { step, minimum, maximum: most - (most % step) };
}

/** The step of amounts; 1 for a currency that cannot be paid, whose amounts stay as they were stored. */
export function payableStep(currency: string): number {
	return payable(currency)?.step ?? 1;
}
