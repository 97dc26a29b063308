import {
	again,
	invalid,
	over,
	queries,
	reused,
	type Cell,
	type Row
} from "../../support/shop/bad-input.ts";

/** Invalid requests about products and stock. */

const price = (amount: unknown, currency: unknown = "USD") => ({ price: { amount, currency } });
const right = { sku: "R-1", name: "x", category: "tests", ...price(1), stock: 0 };

const products: Row[] = [
	...over("POST /api/v1/products", "admin", right, [
		["a price of 0", price(0), invalid, "/price/amount"],
		["a negative price", price(-1), invalid, "/price/amount"],
		["a price of half a cent", price(1.5), invalid, "/price/amount"],
		["a price of 2^53", price(2 ** 53), invalid, "/price/amount"],
		["a price as text", price("100"), invalid, "/price/amount"],
		["a currency in lower case", price(1, "usd"), invalid, "/price/currency"],
		["an unknown currency", price(1, "XXX"), invalid, "/price/currency"],
		["a currency that cannot be paid", price(1000, "KPW"), invalid, "/price/currency"],
		["a withdrawn currency", price(1000, "HRK"), invalid, "/price/currency"],
		["a currency of null", price(1, null), invalid, "/price/currency"],
		["a price above the most of a charge", price(1_000_000, "ISK"), invalid, "/price/amount"],
		["negative stock", { stock: -1 }, invalid, "/stock"],
		["stock of 1e10", { stock: 1e10 }, invalid, "/stock"],
		["no name", { name: "" }, invalid, "/name"],
		["a name of null", { name: null }, invalid, "/name"],
		["NUL in a description", { description: "a\0" }, invalid, "/description"],
		["an unknown member", { archived: true }, invalid, "/archived"],
		["a member of odd characters", { "a/b~c": 1 }, invalid, "/a~1b~0c"],
		...[" A", "A ", "\u00a0A", "A\u3000", " ", ""].map((sku): Cell => [
			`the SKU ${JSON.stringify(sku)}`,
			{ sku },
			invalid,
			"/sku"
		]),
		...[
			"",
			"http://cdn.example/a.png",
			"https://",
			"https://cdn.example/a b.png",
			"https://user:x@cdn.example/a.png",
			'https://cdn.example/"><script>',
			"//cdn.example/a.png",
			"/images/../secret",
			"/images/",
			"javascript:alert(1)",
			`https://cdn.example/${"a".repeat(1000)}`,
			7
		].map((image_url): Cell => [
			`the image ${JSON.stringify(image_url).slice(0, 40)}`,
			{ image_url },
			invalid,
			"/image_url"
		]),
		["a SKU that is taken", { sku: "{sku}" }, "409 duplicate-sku"]
	]),
	...queries("/api/v1/products", "anonymous", [
		["sort=created_at", "/sort"],
		["category=%25", "/category"],
		["category[$ne]=a", "/category[$ne]"],
		[`category=${"a".repeat(1000)}`, "/category"],
		["min_price=-1", "/min_price"],
		["min_price=9007199254740993", "/min_price"],
		["in_stock=maybe", "/in_stock"],
		["q=", "/q"],
		["q=a%00b", "/q"],
		["offset=10", "/offset"],
		["__proto__=1", "/__proto__"],
		["constructor=1", "/constructor"],
		["hasOwnProperty=1", "/hasOwnProperty"],
		["user_id=user-456", "/user_id"],
		["sort=price&currency=USD&cursor={priced}", "/cursor"],
		["category=coffee&sort=-price&currency=USD&cursor={priced}", "/cursor"],
		["category=coffee&sort=price&currency=EUR&cursor={priced}", "/cursor"],
		["category=coffee&sort=price&cursor={priced}", "/currency"],
		["sort=price", "/currency"],
		["sort=-price", "/currency"],
		["min_price=1", "/currency"],
		["max_price=1", "/currency"],
		["sort=price&currency=usd", "/currency"],
		["sort=price&currency=XXX", "/currency"],
		["currency=", "/currency"],
		["currency[]=USD", "/currency[]"]
	])
];

const adjust = (product: string) => `POST /api/v1/products/${product}/stock`;
const delta = (value: unknown) => ({ delta: value });

const stock: Row[] = [
	...over(adjust("{product}"), "admin", { delta: 1, reason: "counted" }, [
		["by nothing", delta(0), invalid, "/delta"],
		["by half a unit", delta(0.5), invalid, "/delta"],
		["by text", delta("1"), invalid, "/delta"],
		["by null", delta(null), invalid, "/delta"],
		["by 2^53", delta(2 ** 53), invalid, "/delta"],
		["by -2^53", delta(-(2 ** 53)), invalid, "/delta"],
		["by more than the maximum stock", delta(1_000_000_000), invalid, "/delta"],
		["below nothing", delta(-6), "409 insufficient-stock"],
		["below zero", delta(-1_000_000_000), "409 insufficient-stock"],
		["to a number", { on_hand: 5 }, invalid, "/on_hand"],
		["without a reason", { reason: undefined }, invalid, "/reason"],
		["for NUL", { reason: "\0" }, invalid, "/reason"]
	]),
	...again(
		over(adjust("{product}"), "admin", { delta: 2, reason: "found" }, [
			["with the key of another change", {}, reused]
		])
	),
	...over(adjust("prod-999"), "admin", delta(1), [
		["of a product that does not exist", { reason: "x" }, "404 not-found"]
	]),
	...over(adjust("{product}"), "alice", delta(1), [
		["by a customer", { reason: "x" }, "403 forbidden"]
	]),
	...over(adjust("{product}"), "support", delta(1), [
		["by support", { reason: "x" }, "403 forbidden"]
	])
];

export const catalogueRows = { products, stock };
