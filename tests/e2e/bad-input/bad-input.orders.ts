import { again, invalid, over, queries, reused, type Row } from "../../support/shop/bad-input.ts";
import { address } from "../../support/shop/orders.ts";

/** Invalid requests about orders. Unusual requests that are accepted are in rest.orders.ts. */

const place = "POST /api/v1/orders";
const line = (quantity: unknown, product_id: unknown = "prod-001") => ({ product_id, quantity });
const items = (...lines: unknown[]) => ({ items: lines });
const at = (member: string, value: unknown) => ({
	shipping_address: { ...address, [member]: value }
});
const total = (amount: unknown, currency: unknown = "USD") => ({
	expected_total: { amount, currency }
});
const quantity = "/items/0/quantity";
const product = "/items/0/product_id";

const right = {
	...items(line(1)),
	shipping_address: address,
	payment_method: "pm_card_visa"
};

const many = (count: number) => Array.from({ length: count }, () => line(1));

const basket = over(place, "alice", right, [
	["nothing", items(), invalid, "/items"],
	["101 lines", items(...many(101)), invalid, "/items"],
	["1,001 lines", items(...many(1001)), invalid, "/items"],
	["items that are no array", { items: { 0: line(1) } }, invalid, "/items"],
	["an item of null", items(null), invalid, "/items/0"],
	["no units", items(line(0)), invalid, quantity],
	["-1 units", items(line(-1)), invalid, quantity],
	["1.5 units", items(line(1.5)), invalid, quantity],
	["1,000 units", items(line(1000)), invalid, quantity],
	["2^53 units", items(line(2 ** 53)), invalid, quantity],
	["units as text", items(line("2")), invalid, quantity],
	["units as a boolean", items(line(true)), invalid, quantity],
	["600 units and 600 more", items(line(600), line(600)), invalid, "/items/1/quantity"],
	["a product that does not exist", items(line(1, "prod-999")), "422 unknown-product", product],
	["a product no longer sold", items(line(1, "{archived}")), "422 unknown-product", product],
	["an SQL injection", items(line(1, "'; drop table orders; --")), invalid, product],
	["a product named NUL", items(line(1, "prod-001\0")), invalid, product],
	["a product of 65 characters", items(line(1, "a".repeat(65))), invalid, product],
	["two currencies", items(line(1), line(1, "{euros}")), "422 mixed-currencies"],
	["less than can be charged", items(line(1, "{cheap}")), "422 amount-too-small"],
	["a currency that cannot be paid", items(line(1, "{unpayable}")), "422 currency-not-payable"],
	["more than 2^53 cents", { items: "{fortune}" }, "422 amount-too-large"]
]);

const money = over(place, "alice", right, [
	["a price from the client", items({ ...line(1), unit_price: 1 }), invalid, "/items/0/unit_price"],
	["a total from the client", { total: 1 }, invalid, "/total"],
	["a currency from the client", { currency: "EUR" }, invalid, "/currency"],
	["a lower total", total(1), "409 price-changed", "/expected_total"],
	["a total in another currency", total(3500, "EUR"), "409 price-changed", "/expected_total"],
	[
		"a total without a currency",
		{ expected_total: { amount: 1 } },
		invalid,
		"/expected_total/currency"
	],
	["a negative total", total(-1), invalid, "/expected_total/amount"],
	["a total of 2^53", total(2 ** 53), invalid, "/expected_total/amount"],
	["an unknown currency", total(1, "XXX"), invalid, "/expected_total/currency"],
	["a currency in lower case", total(1, "usd"), invalid, "/expected_total/currency"],
	["a card number", { payment_method: "4242424242424242" }, invalid, "/payment_method"],
	[
		"a payment method of 93 characters",
		{ payment_method: `pm_${"a".repeat(90)}` },
		invalid,
		"/payment_method"
	],
	["a payment method of null", { payment_method: null }, invalid, "/payment_method"]
]);

const buyer = over(place, "alice", right, [
	["no address", { shipping_address: undefined }, invalid, "/shipping_address"],
	["an address that is text", { shipping_address: "SF" }, invalid, "/shipping_address"],
	["no street", at("street", undefined), invalid, "/shipping_address/street"],
	["a blank street", at("street", "  "), invalid, "/shipping_address/street"],
	["an invisible street", at("street", "\u200b"), invalid, "/shipping_address/street"],
	[
		"a street of 201 characters",
		at("street", "a".repeat(201)),
		invalid,
		"/shipping_address/street"
	],
	["NUL in a city", at("city", "a\0b"), invalid, "/shipping_address/city"],
	["a line break in a city", at("city", "a\nb"), invalid, "/shipping_address/city"],
	["a bidi control character", at("city", "a\u202eb"), invalid, "/shipping_address/city"],
	["a zip of 200 characters", at("zip", "1".repeat(200)), invalid, "/shipping_address/zip"],
	["a zip that is a number", at("zip", 94105), invalid, "/shipping_address/zip"],
	["a zip of letters", at("zip", "ABCDE"), invalid, "/shipping_address/zip"],
	["a zip of another country", at("zip", "K1A 0B1"), invalid, "/shipping_address/zip"],
	["no zip", at("zip", undefined), invalid, "/shipping_address/zip"],
	["an unknown country", at("country", "ZZ"), invalid, "/shipping_address/country"],
	["the name of a country", at("country", "Germany"), invalid, "/shipping_address/country"],
	["a country with a blank", at("country", " US"), invalid, "/shipping_address/country"],
	["a country in wide letters", at("country", "ＵＳ"), invalid, "/shipping_address/country"],
	[
		"a country whose capitals are letters",
		at("country", "ß"),
		invalid,
		"/shipping_address/country"
	],
	["a country of a numeric code", at("country", "840"), invalid, "/shipping_address/country"],
	["UK for GB", at("country", "UK"), invalid, "/shipping_address/country"],
	["a phone without a +", at("phone", "030123456"), invalid, "/shipping_address/phone"],
	["a blank recipient", at("name", " "), invalid, "/shipping_address/name"],
	["a line break in a company", at("company", "a\nb"), invalid, "/shipping_address/company"],
	["a second line of null", at("line2", null), invalid, "/shipping_address/line2"],
	["a planet", at("planet", "Mars"), invalid, "/shipping_address/planet"],
	["another user's id", { user_id: "user-456" }, "403 forbidden"],
	["a user id that is a number", { user_id: 1 }, invalid, "/user_id"],
	["a key in the body", { idempotency_key: "abc" }, invalid, "/idempotency_key"]
]);

/** Numbers as raw JSON, used as the quantity. */
const written = (
	[
		["1e400", invalid, quantity],
		["-0", invalid, quantity],
		["9".repeat(400), invalid, quantity],
		["0x10", "400 malformed-json"],
		["01", "400 malformed-json"],
		["+1", "400 malformed-json"],
		["Infinity", "400 malformed-json"]
	] as [string, string, string?][]
).map(([number, answer, pointer]): Row => {
	const raw = JSON.stringify(right).replace(/(?<="quantity":)1/, number);
	const what = `${number.slice(0, 10)} units`;
	return { what, to: place, by: "alice", send: { raw }, answer, pointer };
});

const cancel = "POST /api/v1/orders/{order}/cancel";
const ship = "POST /api/v1/orders/{order}/ship";
const parcel = { carrier: "UPS", tracking_number: "1Z999" };

const life: Row[] = [
	...over(cancel, "alice", {}, [
		["a reason that is a number", { reason: 5 }, invalid, "/reason"],
		["a reason of 201 characters", { reason: "a".repeat(201) }, invalid, "/reason"],
		["NUL for a reason", { reason: "\0" }, invalid, "/reason"]
	]),
	...over(cancel, "bob", {}, [["another's order", {}, "404 not-found"]]),
	...over("POST /api/v1/orders/{shipped}/cancel", "alice", {}, [
		["an order that is shipped", {}, "409 illegal-transition"]
	]),
	...over(ship, "admin", parcel, [
		["no carrier", { carrier: undefined }, invalid, "/carrier"],
		["a carrier of 61 characters", { carrier: "a".repeat(61) }, invalid, "/carrier"],
		["a blank number", { tracking_number: " " }, invalid, "/tracking_number"]
	]),
	...over("POST /api/v1/orders/{declined}/ship", "admin", parcel, [
		["an order that is not paid", {}, "409 illegal-transition"]
	]),
	...over("POST /api/v1/orders/{order}/deliver", "admin", {}, [
		["an order that is not shipped", {}, "409 illegal-transition"]
	])
];

const reading: Row[] = [
	...queries("/api/v1/orders", "alice", [
		["status=lost", "/status"],
		["status=CONFIRMED", "/status"],
		["status=pending&status=confirmed", "/status"],
		["user_id=", "/user_id"],
		["from=yesterday", "/from"],
		["to=2026-01-01", "/to"],
		["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "/from"],
		["status=confirmed&from=2026-01-01T00:00:00Z&cursor={confirmed}", "/cursor"],
		["offset=10", "/offset"],
		["status=confirmed&cursor={confirmed}0", "/cursor"],
		["cursor={confirmed}", "/cursor"],
		["status=pending&cursor={confirmed}", "/cursor"]
	]),
	...queries("/api/v1/orders", "bob", [["status=confirmed&cursor={confirmed}", "/cursor"]]),
	...queries("/api/v1/orders", "admin", [["status=confirmed&cursor={confirmed}", "/cursor"]]),
	...queries("/api/v1/orders/{order}", "alice", [
		["at=", "/at"],
		["at=now", "/at"],
		["at=2026-01-01", "/at"],
		["at=1767225600", "/at"],
		["at=2026-02-30T00:00:00Z", "/at"],
		["at=2026-01-01T00:00:00", "/at"],
		["at=2998-12-31T23:59:60Z", "/at"],
		["at=2999-01-01T00:00:00Z%00", "/at"],
		["at=2999-01-01T00:00:00Z&at=2999-01-01T00:00:00Z", "/at"],
		["version=1", "/version"]
	])
].concat(
	["2001-01-01T00:00:00Z", "0000-01-01T00:00:00Z"].map(instant => ({
		what: `as of ${instant}, before it was placed`,
		to: `GET /api/v1/orders/{order}?at=${instant}`,
		by: "alice",
		send: {},
		answer: "404 not-found"
	}))
);

const keys = again([
	...over(place, "alice", right, [["the key of other items", items(line(2)), reused]]),
	...over("POST /api/v1/orders/{too_late_to_cancel}/cancel", "alice", { reason: "broken" }, [
		["the key of another reason", {}, reused]
	]),
	...over(cancel, "alice", { reason: "too late" }, [["the key of another order", {}, reused]])
]);

export const orderRows = { basket, money, buyer, written, life, reading, keys };
