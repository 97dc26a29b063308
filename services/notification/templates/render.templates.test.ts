import fc from "fast-check";
import type { OrderEventType } from "../../../contracts/events.ts";
import { messageKindOf, orderEventTypes } from "../../../contracts/order-status.ts";
import { escapeHtml } from "../../../lib/text/html.ts";
import { sampleOrderEventData } from "../../../tests/support/streams/order-event-data.ts";
import { trackingUrl } from "./carriers.templates.ts";
import { templateOf } from "./content.templates.ts";
import type { Fact, WebhookFact } from "./facts.templates.ts";
import { count, instant, line, money, publicUrl } from "./format.templates.ts";
import { languages, render } from "./render.templates.ts";

const shop = { name: "Shop & Co", orderUrl: "https://shop.example/orders/{id}" };
const at = new Date("2026-03-01T12:30:00Z");
const order_id = "0193a1c2-7b1e-7f00-8000-000000000001";

const about = (type: OrderEventType, changes: object = {}): Fact => ({
	type,
	at,
	data: sampleOrderEventData(type, { order_id, ...changes })
});
const stock: Fact = {
	type: "product.low_stock",
	at,
	data: { product_id: "prod-001", name: "Laptop Stand", available: 3 }
};
const failing: WebhookFact = {
	type: "webhook.disabled",
	at,
	failingSince: new Date("2026-02-22T12:30:00.000Z"),
	data: {
		webhook_id: "0193a1c2-7b1e-7f00-8000-000000000004",
		url: "https://erp.example/hooks/orders?token=secret",
		reason: "failing",
		failing_since: "2026-02-22T12:30:00.000Z",
		last_error: "answered 500"
	}
};
const disabled = (changes: Partial<WebhookFact["data"]>): WebhookFact => ({
	...failing,
	data: { ...failing.data, ...changes }
});
const gone: WebhookFact = {
	...disabled({ reason: "gone", failing_since: null, last_error: "answered 410" }),
	failingSince: null
};
const paid = about("order.cancelled", { status: "refund_pending" });
const expired = about("order.cancelled", { reason: "expired" });
const limited_items = [
	{ product_id: "prod-001", quantity: 2, limit: 3, held: 2 },
	{ product_id: "prod-002", quantity: 1, limit: 1200, held: 1200 }
];
const limited = about("order.rejected", { reason: "reservation_limit", limited_items });
const notifiedTypes = orderEventTypes.filter(type => messageKindOf(type) !== null);
const special: Fact[] = [paid, expired, limited, stock, failing, gone];
const facts: Fact[] = [...notifiedTypes.map(type => about(type)), ...special];
const cases = Object.keys(languages).flatMap(locale =>
	facts.map(fact => [locale as "en" | "de", templateOf(fact)!, fact] as const)
);

describe("every message", () => {
	it("has a template, and there are no others", () => {
		expect(new Set(facts.map(templateOf))).toEqual(new Set(Object.keys(languages.en.templates)));
		expect(templateOf(about("order.created"))).toBeUndefined();
	});

	it.each(cases)("in %s about %s matches its snapshot", (locale, _, fact) => {
		const { subject, text, short } = render(fact, { name: "Ada", locale }, shop);
		expect([subject, short, text].join("\n\n")).toMatchSnapshot();
	});

	it.each([
		["en", "order.confirmed"],
		["de", "order.shipped"],
		["en", "webhook.disabled"],
		["de", "webhook.disabled"]
	] as const)("in %s about %s matches its HTML snapshot", (locale, type) => {
		const fact = type === "webhook.disabled" ? failing : about(type);
		expect(render(fact, { name: "Ada", locale }, shop).html).toMatchSnapshot();
	});

	it.each([
		["of the total", undefined, "$84.38"],
		["of what was left", 7438, "$74.38"],
		// Staff had refunded all of it before.
		["of nothing more", 0, "$84.38"]
	])(
		"about a cancellation that made a refund %s names what the customer has",
		(_, amount, shown) => {
			const refund = amount !== undefined && {
				refund: { origin: "order", amount: { amount, currency: "USD" } }
			};
			const fact = about("order.refunded", refund || {});
			const { subject, short } = render(fact, { name: "Ada", locale: "en" }, shop);
			expect([subject, short].every(text => text.includes(shown))).toBe(true);
		}
	);

	it("is refused for an event without a message", () => {
		expect(() => render(about("order.created"), { name: "Ada", locale: "en" }, shop)).toThrow(
			"there is no message about order.created"
		);
	});

	it.each(cases)("in %s about %s has all of its text in HTML", (locale, _, fact) => {
		const { html, text } = render(fact, { name: "Ada", locale }, shop);
		const seen = html.replace(/href="([^"]*)"/g, "> $1 <").replace(/<[^>]*>/g, " ");
		const words = (some: string) => new Set(some.match(/[\p{L}\p{N}$.,&;-]{2,}/gu));
		const shown = words(seen);
		const missing = [...words(escapeHtml(text))].filter(word => !shown.has(word));
		expect(missing.filter(word => !/^--|^&|;$/.test(word))).toEqual([]);
	});
});

describe.each(["en", "de"] as const)("a message in %s about a disabled webhook", locale => {
	const rendered = (fact: WebhookFact) => render(fact, { name: "Ada", locale }, shop);
	const all = (fact: WebhookFact) => Object.values(rendered(fact)).join("\n");

	it.each([
		["a query", "https://erp.example/hooks/orders?token=secret"],
		["a fragment", "https://erp.example/hooks/orders#secret"],
		["a user", "https://secret@erp.example/hooks/orders"],
		["a password", "https://erp:secret@erp.example/hooks/orders"]
	])("shows its URL without %s", (_, url) => {
		for (const text of Object.values(rendered(disabled({ url })))) {
			expect(text).not.toContain("secret");
			expect(text).toContain("erp.example");
		}
		expect(rendered(disabled({ url })).text).toContain("https://erp.example/hooks/orders");
	});

	it.each(["secret", "?secret", "data:text/plain,secret", "javascript:secret", ""])(
		"shows its id instead of the URL %j",
		url => {
			expect(all(disabled({ url }))).not.toContain("secret");
			const { subject, short } = rendered(disabled({ url }));
			for (const text of [subject, short]) expect(text).toContain(failing.data.webhook_id);
		}
	);

	it("says since when it fails, if that is known", () => {
		const since = instant(failing.failingSince!, locale);
		const unknown = { ...failing, failingSince: null };
		for (const part of ["short", "text", "html"] as const) {
			expect(rendered(failing)[part]).toContain(since);
			expect(rendered(unknown)[part]).not.toMatch(/February|Februar|null|1970/);
		}
	});

	it("names the answer of one that is gone", () => {
		for (const text of Object.values(rendered(gone))) expect(text).toContain("410 Gone");
		for (const text of Object.values(rendered(failing))) expect(text).not.toContain("410");
	});

	it("has the last error and the request that enables it", () => {
		const { text, html } = rendered(failing);
		const request = `PATCH /api/v1/webhooks/${failing.data.webhook_id} {"enabled": true}`;
		expect(text).toContain(request);
		expect(html).toContain(escapeHtml(request));
		for (const part of [text, html]) expect(part).toContain("answered 500");
	});
});

/** Every tag with the names of its attributes; fails on anything else that begins like one. */
function structureOf(html: string): string[] {
	const tag = /<(\/?[a-z0-9]+)((?:\s+[a-z-]+="[^"<>]*")*)\s*\/?>|<!doctype html>/g;
	const tags = [...html.matchAll(tag)];
	expect(tags).toHaveLength(html.split("<").length - 1);
	return tags.map(([whole, name = whole, attributes = ""]) =>
		[
			name,
			...attributes
				.replace(/="[^"]*"/g, "")
				.trim()
				.split(/\s+/)
		]
			.join(" ")
			.trim()
	);
}

/** Arbitrary text, with frequent markup. */
const nasty = fc
	.array(
		fc.oneof(
			fc.constantFrom(
				"<script>",
				"</td>",
				'" onload="x',
				"'",
				"&",
				"<!--",
				"]]>",
				"\r\nBcc: x",
				"\0"
			),
			fc.constantFrom("\u202E", "\u2028", "\ud800", "${x}", "%0d", "javascript:"),
			fc.string({ unit: "binary", maxLength: 8 })
		),
		{ maxLength: 6 }
	)
	.map(parts => parts.join(""));

describe("user input", () => {
	const unknown = nasty.filter(carrier => !trackingUrl({ carrier, tracking_number: "1" }));

	it("is escaped everywhere", () => {
		const plain = structureOf(shippedBy("x", "x", "x", "x").html);
		fc.assert(
			fc.property(nasty, nasty, unknown, nasty, (person, product, carrier, tracking) => {
				const { html } = shippedBy(person, product, carrier, tracking);
				expect(structureOf(html)).toEqual(plain);
				for (const given of [person, product, carrier, tracking])
					expect(html).toContain(escapeHtml(line(given)));
			}),
			{ numRuns: 150 }
		);
	});

	it("is escaped in the URL and the error of a webhook", () => {
		const htmlOf = (changes: Partial<WebhookFact["data"]>) =>
			render(disabled(changes), { name: "x", locale: "en" }, shop).html;
		const plain = structureOf(htmlOf({}));
		fc.assert(
			fc.property(nasty, nasty, (path, last_error) => {
				const html = htmlOf({ url: `https://erp.example/${path}`, last_error });
				expect(structureOf(html)).toEqual(plain);
				expect(html).toContain(escapeHtml(line(last_error)));
			})
		);
	});

	it("cannot break out of a link", () => {
		const plain = structureOf(shippedBy("x", "x", "UPS", "x").html);
		fc.assert(
			fc.property(nasty, tracking => {
				const { html } = shippedBy("x", "x", "UPS", tracking);
				expect(structureOf(html)).toEqual(plain);
				const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
				for (const link of links)
					expect(link).toMatch(/^https:\/\/www\.ups\.com\/track\?tracknum=[\w.!~*'()%&#;-]*$/);
			})
		);
	});

	it("is one line in a message about a webhook", () => {
		const linesOf = (changes: Partial<WebhookFact["data"]>) => {
			const rendered = render(disabled(changes), { name: "x", locale: "de" }, shop);
			const { subject, text, short } = rendered;
			return [subject, text, short].map(part => part.split(/[\r\n\u2028\u2029]/).length);
		};
		const plain = linesOf({});
		fc.assert(
			fc.property(nasty, nasty, (url, last_error) => {
				expect(linesOf({ url: `https://erp.example/${url}`, last_error })).toEqual(plain);
			})
		);
	});

	it("is one line in a subject, a text and a text message", () => {
		fc.assert(
			fc.property(nasty, name => {
				const data = { ...stock.data, name } as typeof stock.data;
				const fact = { ...stock, data } as Fact;
				const lines = (some: string) => some.split(/[\r\n\u2028\u2029]/).length;
				const plain = render(stock, { name: "x", locale: "de" }, shop);
				const { subject, text, short } = render(fact, { name, locale: "de" }, shop);
				expect([lines(subject), lines(short), lines(text)]).toEqual([1, 1, lines(plain.text)]);
				expect(subject).not.toMatch(/\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u);
			})
		);
	});

	function shippedBy(name: string, product: string, carrier: string, tracking_number: string) {
		const item = sampleOrderEventData("order.shipped").items[0]!;
		const items = [{ ...item, name: product }];
		const fact = about("order.shipped", { items, shipment: { carrier, tracking_number } });
		return render(fact, { name, locale: "en" }, shop);
	}
});

describe("amounts, counts and times", () => {
	it.each([
		[123456, "USD", "en", "$1,234.56"],
		[123456, "EUR", "de", "1.234,56\u00a0€"],
		[5, "USD", "en", "$0.05"],
		[0, "USD", "de", "0,00\u00a0$"],
		[1234, "JPY", "en", "¥1,234"],
		[1234567, "KWD", "en", "KWD\u00a01,234.567"],
		[123456, "HUF", "en", "HUF\u00a01,234.56"],
		[123456, "HUF", "de", "1.234,56\u00a0HUF"],
		[123456, "IDR", "en", "IDR\u00a01,234.56"],
		[123456, "COP", "en", "COP\u00a01,234.56"],
		[1234, "UGX", "en", "UGX\u00a01,234"],
		[1234, "ISK", "en", "ISK\u00a01,234"],
		[123400, "MGA", "en", "MGA\u00a01,234.00"],
		[5, "IQD", "en", "IQD\u00a00.005"],
		[Number.MAX_SAFE_INTEGER, "USD", "en", "$90,071,992,547,409.91"]
	])("shows %d minor units of %s in %s as %s", (amount, currency, language, shown) => {
		expect(money({ amount, currency }, language)).toBe(shown);
	});

	it("shows all digits of an amount", () => {
		fc.assert(
			fc.property(
				fc.maxSafeNat(),
				fc.constantFrom("USD", "JPY", "KWD", "HUF", "CLF"),
				(amount, currency) => {
					const digits = money({ amount, currency }, "de").replace(/\D/g, "");
					expect(Number(digits)).toBe(amount);
				}
			)
		);
	});

	it("groups counts, and says in which time zone a time is", () => {
		expect([count(1234, "en"), count(1234, "de")]).toEqual(["1,234", "1.234"]);
		expect(instant(at, "en")).toMatch(/^March 1, 2026 at 12:30\sPM UTC$/);
		expect(instant(at, "de")).toBe("1. März 2026 um 12:30 UTC");
	});
});

describe("publicUrl", () => {
	it.each([
		["https://erp.example/hooks?token=1#a", "https://erp.example/hooks"],
		["http://user:pass@erp.example:8080/", "http://erp.example:8080/"],
		["https://BÜCHER.example/a b", "https://xn--bcher-kva.example/a%20b"],
		["https://[::1]/x", "https://[::1]/x"],
		["ftp://erp.example/hooks", ""],
		["mailto:ops@erp.example", ""],
		["erp.example/hooks", ""]
	])("of %s is %j", (url, shown) => {
		expect(publicUrl(url)).toBe(shown);
		expect(publicUrl(shown)).toBe(shown);
	});
});

describe("trackingUrl", () => {
	it.each([
		["UPS", "1Z 9", "https://www.ups.com/track?tracknum=1Z%209"],
		["DHL Express", "JD01", "https://www.dhl.com/global-en/home/tracking.html?tracking-id=JD01"],
		["Fed-Ex", "7", "https://www.fedex.com/fedextrack/?trknbr=7"],
		["Royal Mail", "a/b", "https://www.royalmail.com/track-your-item#/tracking-results/a%2Fb"]
	])("of %s links to the carrier's page", (carrier, tracking_number, url) => {
		expect(trackingUrl({ carrier, tracking_number })).toBe(url);
	});

	it("is undefined for an unknown carrier", () => {
		expect(trackingUrl({ carrier: "My uncle", tracking_number: "1" })).toBeUndefined();
	});
});
