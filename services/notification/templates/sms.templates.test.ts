import fc from "fast-check";
import { toSms } from "./sms.templates.ts";

describe("toSms", () => {
	it("keeps short text, with spaces of the GSM alphabet", () => {
		expect(toSms("Shop: Sie erhalten 12,50\u00a0€ zurück – https://s.example/1")).toBe(
			"Shop: Sie erhalten 12,50 € zurück - https://s.example/1"
		);
	});

	it("shortens the text, but keeps the link", () => {
		const link = "https://shop.example/orders/1";
		const sent = toSms(`Shop: ${"word ".repeat(200)}${link}`);
		expect(sent).toHaveLength(459);
		expect(sent).toMatch(/^Shop: word .*\.\.\. https:\/\/shop\.example\/orders\/1$/);
	});

	it("is bounded and well-formed for any text", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 2000 }), fc.webUrl(), (words, url) => {
				const sent = toSms(`${words} ${url}`.toWellFormed());
				expect(sent.length).toBeLessThanOrEqual(459);
				expect(sent.isWellFormed()).toBe(true);
			})
		);
	});
});
