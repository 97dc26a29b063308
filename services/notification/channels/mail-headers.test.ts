import { dispatch } from "../../../tests/support/notification/sample-dispatch.ts";
import { addressOf, composed, mailOf } from "./mail-headers.ts";

const from = addressOf("Läden & Co, GmbH <orders@shop.example>");
const rawOf = async (message = dispatch()) => (await composed(mailOf(message, from))).toString();

/** The header fields of a mail, by name, unfolded. */
function headersOf(raw: string): Map<string, string> {
	const head = raw.slice(0, raw.indexOf("\r\n\r\n")).replace(/\r\n\s+/g, " ");
	return new Map(head.split("\r\n").map(line => line.split(/: (.*)/s, 2) as [string, string]));
}

describe("addressOf", () => {
	it.each([
		["a@b.example", { name: "", address: "a@b.example" }],
		["The Shop, Inc <a@b.example>", { name: "The Shop, Inc", address: "a@b.example" }]
	])("%s", (text, address) => expect(addressOf(text)).toEqual(address));
});

describe("a mail", () => {
	it("has the message's id in two header fields", async () => {
		const message = dispatch();
		const headers = headersOf(await rawOf(message));
		expect(headers.get("Message-ID")).toBe(`<${message.id}@shop.example>`);
		expect(headers.get("X-Shop-Message-ID")).toBe(message.id);
	});

	it("is from the shop to one recipient, and suppresses automatic replies", async () => {
		const headers = headersOf(await rawOf());
		expect(headers.get("From")).toBe("=?UTF-8?Q?L=C3=A4den_=26_Co=2C_GmbH?= <orders@shop.example>");
		expect(headers.get("To")).toBe("zoe@shop.test");
		expect(headers.get("Auto-Submitted")).toBe("auto-generated");
		expect([...headers.keys()].filter(name => /^(list-|cc|bcc|x-mailer)/i.test(name))).toEqual([]);
	});

	it("has an encoded subject", async () => {
		const message = dispatch();
		message.rendered.subject = "Ihre Bestellung ist bestätigt (12,50\u00a0€) – danke";
		const shown = headersOf(await rawOf(message)).get("Subject")!;
		expect(shown).toMatch(/^[\x20-\x7e]+$/);
		const words = [...shown.matchAll(/=\?UTF-8\?Q\?([^?]*)\?=/g)].map(([, word]) => word!);
		const bytes = words.join("").replace(/_/g, " ").replace(/=/g, "%");
		expect(decodeURIComponent(bytes)).toBe(message.rendered.subject);
	});

	it("has a text and an HTML part, in this order", async () => {
		const raw = await rawOf();
		expect(headersOf(raw).get("Content-Type")).toMatch(/^multipart\/alternative;/);
		const types = [...raw.matchAll(/^Content-Type: (text\/\w+); charset=utf-8/gm)];
		expect(types.map(([, type]) => type)).toEqual(["text/plain", "text/html"]);
		expect(raw.split("\r\n").every(line => line.length <= 998)).toBe(true);
		expect(raw).toMatch(/^[\x00-\x7f]*$/);
	});

	it("goes to one address, even if the text looks like several", async () => {
		const headers = headersOf(await rawOf(dispatch({ to: "a@b.example\r\nBcc: c@d.example" })));
		expect(headers.has("Bcc")).toBe(false);
		expect(headers.get("To")).not.toMatch(/\n/);
	});
});
