/**
 * ISO 4217: the currencies, and the decimals of each one's minor unit. The standard's list is the only source:
 * Intl is not one, because its decimals are those of prices in shops and change with the version of Node.
 * A test compares the table with the standard's list and its amendments.
 */

const codesByDecimals: Readonly<Record<number, string>> = {
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
		CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
		IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
		MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
		SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER
		ZAR ZMW ZWG`,
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW"
};

/** Withdrawn from the standard: what was stored in them before stays readable. All had two decimals. */
const withdrawnCodes = "ANG BGN CUC HRK SLL ZWL";

const decimals = new Map([
	...Object.entries(codesByDecimals).flatMap(([count, codes]) =>
		codes.split(/\s+/).map(code => [code, Number(count)] as const)
	),
	...withdrawnCodes.split(" ").map(code => [code, 2] as const)
]);

/** True for a currency of the standard, now or before; false for metals, bonds, tests and "no currency". */
export function isCurrency(code: string): boolean {
	return decimals.has(code);
}

/** Decimals of the minor unit: 2 for USD, 0 for JPY, 3 for KWD; 2, as most have, for an unknown code. */
export function decimalsOf(currency: string): number {
	return decimals.get(currency) ?? 2;
}

/** Units with so many decimals as whole ones, exactly at any size: (1234, 2) → `12.34`, (5, 3) → `0.005`, (7, 0) → `7`. */
export function toDecimal(amount: number, decimals: number): string {
	const digits = String(Math.abs(amount)).padStart(decimals + 1, "0");
	const point = digits.length - decimals;
	const fraction = decimals > 0 ? `.${digits.slice(point)}` : "";
	return `${amount < 0 ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}
