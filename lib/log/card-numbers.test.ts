import { maskedText } from "./masked-text.ts";

/** Numbers that issuers and payment providers publish for tests. */
it.each([
	["Visa", "4111111111111111"],
	["Visa of 13 digits", "4222222222222"],
	["Visa of 19 digits", "4000000000000000006"],
	["Visa with spaces", "4242 4242 4242 4242"],
	["Visa with hyphens", "4000-0566-5566-5556"],
	["Visa with no-break spaces", "4242\u00a04242\u00a04242\u00a04242"],
	["Visa in a URL", "4242%204242%204242%204242"],
	["Visa in a form", "4242+4242+4242+4242"],
	["Visa of 19 digits with spaces", "4000 0000 0000 0000 006"],
	["Mastercard", "5555555555554444"],
	["Mastercard of the series 2", "2223003122003222"],
	["American Express", "378282246310005"],
	["American Express with spaces", "3782 822463 10005"],
	["Diners Club", "30569309025904"],
	["Diners Club with hyphens", "3056-930902-5904"],
	["Discover", "6011111111111117"],
	["JCB", "3566002020360505"],
	["UnionPay", "6200000000000005"],
	["UnionPay of 19 digits", "6205500000000000004"],
	["Maestro", "6759649826438453"],
	["Mir", "2200000000000004"]
])("the number of a %s is masked", (_, number) => {
	expect(maskedText(number)).toBe("*** card ***");
	expect(maskedText(`declined: ${number}.`)).toBe("declined: *** card ***.");
	expect(maskedText(`{"number":"${number}","n":1}`)).toBe('{"number":"*** card ***","n":1}');
	expect(maskedText(`card-${number}, 12 times`)).toBe("card-*** card ***, 12 times");
	expect(maskedText(`order 7 ${number} 200`)).toBe("order 7 *** card *** 200");
	expect(maskedText(`{\\"text\\":\\"a\\n${number}\\"}`)).toContain("*** card ***");
	expect(maskedText(`/x?q=a%20${number}`)).toBe("/x?q=a%20*** card ***");
	expect(maskedText(`[1,${number},12]`)).toBe("[1,*** card ***,12]");
	expect(maskedText(`${number} ${number}`)).toBe("*** card *** *** card ***");
});

it.each([
	["a number without check digit", "4111111111111112"],
	["a number of no issuer", "9111111111111111"],
	["12 digits", "411111111113"],
	["20 digits", "41111111111111111110"],
	["a time in ms", "1772368200000"],
	["a time in µs", "1772368200000003"],
	["a time in ns", "1772368200000000004"],
	["an instant", "2026-03-01T12:30:00.000Z"],
	["a compact instant", "20260301123000123"],
	["dates and hours", "2026-03-01 12 2026-03-02 13"],
	["a UUID", "0193a1c2-7b1e-7f00-8000-000000000001"],
	["a UUID of digits", "41111111-4111-4111-8111-111111111111"],
	["a UUID with a card in its last group", "0193a1c2-4111-4111-8111-111111111111"],
	["a traceparent", `00-${"4111111111111111".repeat(2)}-00f067aa0ba902b7-01`],
	["hexadecimal digits", "a4111111111111111f"],
	["an id of a provider", "ch_4111111111111111"],
	["decimals", "0.4111111111111111 ms"],
	["an amount with decimals", "4111111111111111.25"],
	["the largest amount", "9007199254740991"],
	["an amount with spaces", "4 111 111 111 111 111"],
	["an address and a port", "127.0.0.1:8080 10.0.0.12:4222"]
])("%s stays as it is", (_, text) => {
	expect(maskedText(`x ${text} y`)).toBe(`x ${text} y`);
});

/** 50 KB each. */
it.each([
	["digits", "4".repeat(50_000)],
	["groups", "4111 ".repeat(10_000)],
	["hyphens", "4-".repeat(25_000)],
	["cards", "4111111111111111 ".repeat(3000)],
	["spaces in a URL", "4111%20".repeat(7000)],
	["short groups", "41 ".repeat(17_000)]
])("a long text of %s is read once", (_, text) => {
	const from = performance.now();
	maskedText(`4111111111111111 ${text}`);
	expect(performance.now() - from).toBeLessThan(2000);
});
