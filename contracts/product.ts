import { payableCurrencies } from "../lib/currency/payable.ts";
import { contract, nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { admins } from "./roles.ts";
import { refillAction } from "./streams.ts";
import {
	Currency,
	Cursor,
	Id,
	IdempotencyKey,
	Instant,
	Limit,
	Line,
	Money,
	NextCursor,
	ready,
	storableText,
	text,
	Uuid,
	Version
} from "./values.ts";

/** Any article number, as other systems have them. Case and width of its letters make no difference; ß is not ss. */
const Sku = text(64);
/**
 * Without spaces at the ends and without format characters (Cf of Unicode), which would make another SKU that looks
 * the same.
 */
const NewSku = T.String({
	maxLength: 64,
	pattern: "^(?!\\s)[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+(?<!\\s)$",
	rule: "one line of visible characters, without spaces at its ends"
});
const Description = storableText({ maxLength: 2000 });
const Category = T.String({
	pattern: "^[a-z0-9][a-z0-9-]{0,49}$",
	rule: "1 to 50 small letters, digits and hyphens, like home-office, that do not start with a hyphen"
});
/** What a page of the shop can show: over TLS, or a file that the gateway serves at /images. */
const ImageUrl = T.String({
	maxLength: 1000,
	pattern:
		"^(?:https://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[1-9][0-9]{0,4})?(?:/[!#-;=?-Z_a-z~]*)?|/images/[A-Za-z0-9][A-Za-z0-9.-]{0,99})$",
	rule: "an https URL, or a path of the shop's own images like /images/prod-001.svg"
});
/** Null: there is none. */
const NewImageUrl = nullable(ImageUrl);
const PriceMinor = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Price = strictObject({
	amount: T.Integer({
		minimum: 1,
		maximum: 99_999_999_999,
		description:
			"Minor units; rounded to what is charged: tens with three decimals, hundreds for MGA"
	}),
	currency: T.String({
		enum: [...payableCurrencies],
		description: "ISO 4217; one that the payment provider takes"
	})
});
const Units = T.Integer({ minimum: 0, maximum: 1_000_000_000 });

export const Product = strictObject(
	{
		id: Id,
		sku: Sku,
		name: text(200),
		description: Description,
		category: Category,
		price: Money,
		available: T.Integer({ minimum: 0, description: "Units that can be ordered now" }),
		image_url: nullable(T.String()),
		archived: T.Boolean(),
		version: Version,
		created_at: Instant,
		updated_at: Instant
	},
	{ title: "Product" }
);
export type Product = Static<typeof Product>;

const StockChange = strictObject({
	reason: T.String(),
	order_id: T.Union([Uuid, T.Null()]),
	on_hand: T.Integer({ description: "Change of units on hand" }),
	reserved: T.Integer({ description: "Change of units reserved" }),
	note: T.Union([T.String(), T.Null()]),
	at: Instant
});

export const Stock = strictObject(
	{
		product_id: Id,
		on_hand: Units,
		reserved: Units,
		available: Units,
		ledger: T.Array(StockChange, { description: "The latest 50 changes, newest first" })
	},
	{ title: "Stock" }
);
export type Stock = Static<typeof Stock>;

/** Units of an order of which its customer would have too many in unpaid orders. */
export const LimitedItem = strictObject({
	product_id: Id,
	quantity: T.Integer({ minimum: 1, description: "Units that were ordered" }),
	limit: T.Integer({
		minimum: 1,
		description: "Units that one customer could have in unpaid orders at that time"
	}),
	held: T.Integer({ minimum: 0, description: "Units in the customer's other unpaid orders" })
});
export type LimitedItem = Static<typeof LimitedItem>;

/**
 * States of a reservation, as the saga sees it. `absent`: there is none for the order. `reservation_limit`: its
 * customer would have too many units in unpaid orders.
 */
export const ReservationState = oneOf([
	"held",
	"locked",
	"committed",
	"released",
	"expired",
	"out_of_stock",
	"reservation_limit",
	"returned",
	"absent"
]);
export type ReservationState = Static<typeof ReservationState>;

const OrderIds = strictObject({ order_ids: T.Array(Uuid, { minItems: 1, maxItems: 64 }) });

const Outcomes = strictObject({
	outcomes: T.Array(strictObject({ order_id: Uuid, state: ReservationState }), {
		description: "One per order, in the order of the request"
	})
});

const step = { kind: "command", access: "internal", timeoutMs: 2000 } as const;

export const sortKeys = ["name", "-name", "price", "-price", "newest", "relevance"] as const;

/** With the longest names they have less than 1 MiB. */
const mostQuotes = 1000;

/** More would be no choice for a customer, and too large a reply. */
export const mostCategories = 1000;

export const product = contract("product", {
	list: {
		summary: "The catalogue, by category, text, price and stock",
		kind: "query",
		access: "anyone",
		params: strictObject({
			category: T.Optional(Category),
			q: T.Optional(
				text(100, {
					description:
						'A SKU, or words and parts of words that all occur in name, SKU or description; "a phrase", -excluded, or'
				})
			),
			currency: T.Optional(
				T.String({
					...Currency,
					description:
						"Only products priced in it; needed with `min_price`, `max_price` and a sort by price, which compare prices of one currency"
				})
			),
			min_price: T.Optional(PriceMinor),
			max_price: T.Optional(PriceMinor),
			in_stock: T.Optional(T.Boolean()),
			sort: T.Optional(
				oneOf(sortKeys, { description: "By default `relevance` with `q`, else `newest`" })
			),
			limit: T.Optional(Limit),
			cursor: T.Optional(Cursor)
		}),
		returns: strictObject(
			{ data: T.Array(Product), next_cursor: NextCursor },
			{ title: "ProductList" }
		)
	},
	get: {
		summary: "One product",
		kind: "query",
		access: "anyone",
		params: strictObject({ id: Id }),
		returns: Product
	},
	categories: {
		summary: "All categories with the number of products in each",
		kind: "query",
		access: "anyone",
		params: strictObject({}),
		returns: strictObject(
			{
				data: T.Array(strictObject({ category: Category, products: T.Integer() }), {
					maxItems: mostCategories,
					description: "Sorted by name; a shop with more categories gets the first ones"
				})
			},
			{ title: "CategoryList" }
		)
	},
	create: {
		summary: "Create a product with its initial stock",
		kind: "command",
		access: admins,
		params: strictObject({
			sku: NewSku,
			name: text(200),
			description: T.Optional(Description),
			category: Category,
			price: Price,
			image_url: T.Optional(NewImageUrl),
			stock: Units
		}),
		returns: Product
	},
	update: {
		summary:
			"Change a product, or sell an archived one again; its stock changes only through its ledger",
		kind: "command",
		access: admins,
		params: strictObject({
			id: Id,
			version: T.Optional(Version),
			sku: T.Optional(NewSku),
			name: T.Optional(text(200)),
			description: T.Optional(Description),
			category: T.Optional(Category),
			price: T.Optional(Price),
			image_url: T.Optional(NewImageUrl),
			archived: T.Optional(
				T.Boolean({ description: "False: it is sold again, unless another product has its SKU" })
			)
		}),
		returns: Product
	},
	archive: {
		summary: "Archive a product; orders keep their copy of it",
		kind: "command",
		access: admins,
		params: strictObject({ id: Id, version: T.Optional(Version) }),
		returns: Product
	},
	"stock.get": {
		summary: "Units on hand and reserved, with the latest ledger rows",
		kind: "query",
		access: admins,
		params: strictObject({ product_id: Id }),
		returns: Stock
	},
	"stock.adjust": {
		summary: "Add or remove units, with a reason; the same key changes the stock once",
		kind: "command",
		access: admins,
		params: strictObject({
			product_id: Id,
			delta: T.Integer({
				minimum: -1_000_000_000,
				maximum: 1_000_000_000,
				not: { const: 0 },
				rule: "other than 0",
				description: "Units added; negative to remove some"
			}),
			reason: text(200),
			idempotency_key: IdempotencyKey
		}),
		returns: Stock
	},
	quote: {
		summary: "Names and current prices; products that are not sold are omitted",
		kind: "query",
		access: "internal",
		timeoutMs: 2000,
		params: strictObject({ product_ids: T.Array(Id, { minItems: 1, maxItems: mostQuotes }) }),
		returns: strictObject({
			quotes: T.Array(strictObject({ product_id: Id, name: T.String(), unit_price: Money }))
		})
	},
	describe: {
		summary: "Names and categories, including archived products; unknown ones are omitted",
		kind: "query",
		access: "internal",
		timeoutMs: 2000,
		params: strictObject({ product_ids: T.Array(Id, { minItems: 1, maxItems: mostQuotes }) }),
		returns: strictObject({
			products: T.Array(strictObject({ product_id: Id, name: T.String(), category: Category }))
		})
	},
	reserve: {
		...step,
		summary: "Reserve units for each order, all of its lines or none",
		params: strictObject({
			orders: T.Array(
				strictObject({
					order_id: Uuid,
					user_id: T.Optional(
						T.String({
							...Id,
							description:
								"The customer, whose share of the stock it uses; no share is checked if it is missing"
						})
					),
					lines: T.Array(Line, { minItems: 1, maxItems: 100 })
				}),
				{ minItems: 1, maxItems: 64 }
			),
			lock: T.Boolean({
				description:
					"Lock immediately, as the saga does; without it, a hold that expires, for the checkout of a cart"
			}),
			ttl_ms: T.Optional(T.Integer({ minimum: 1000, maximum: 3_600_000 }))
		}),
		returns: strictObject({
			outcomes: T.Array(
				strictObject({
					order_id: Uuid,
					state: ReservationState,
					limited_items: T.Optional(
						T.Array(LimitedItem, { description: "With `reservation_limit`: what is too much" })
					)
				}),
				{ description: "One per order, in the order of the request" }
			)
		})
	},
	lock: {
		...step,
		summary: "Turn holds that have not expired into locks, which never expire",
		params: OrderIds,
		returns: Outcomes
	},
	commit: {
		...step,
		summary: "Commit locked units as sold",
		params: OrderIds,
		returns: Outcomes
	},
	release: {
		...step,
		summary:
			"Put held or locked units back on sale; an order without a reservation gets a tombstone",
		params: OrderIds,
		returns: Outcomes
	},
	restock: {
		...step,
		summary: "Restock the units of committed orders",
		params: OrderIds,
		returns: Outcomes
	},
	restockReturn: {
		...step,
		summary: "Restock units of a sold order, once for each return",
		params: strictObject({
			return_id: Uuid,
			order_id: Uuid,
			lines: T.Array(Line, { minItems: 1, maxItems: 100 })
		}),
		returns: strictObject({
			state: oneOf(["restocked", "refused"], {
				description: "`refused`: not sold, or more than is left of what was bought"
			})
		})
	},
	"outbox.refill": refillAction("Publish low-stock events again, after the loss of a log"),
	ready
});
