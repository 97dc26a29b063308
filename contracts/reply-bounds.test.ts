import type { ActionContract, TSchema } from "../lib/schema.ts";
import { actions, parts } from "../tests/support/contract-parts.ts";

/** A message on NATS has 1 MiB at most by default, so each list and each text in a reply needs a bound, named here. */

/** A parameter with a limit: an array that has at least as many members, or a number. Else why there are few. */
type Bound = { parameter: string } | string;

const bounds: [pattern: RegExp, bound: Bound][] = [
	[/^user\.contacts \/contacts$/, "100 of a role or of the ids"],
	[/^user\.standing\.list \/data$/, { parameter: "limit" }],
	[/^user\.keys \/keys(\/\[\])?$/, "the keys of the configuration, each with the members of a JWK"],
	[/^product\.stock\.(get|adjust) \/ledger$/, "the latest 50 changes"],
	[/^product\.(quote|describe) \/(quotes|products)$/, { parameter: "product_ids" }],
	[/^product\.(lock|commit|release|restock) \/outcomes$/, { parameter: "order_ids" }],
	[/^product\.reserve \/outcomes$/, { parameter: "orders" }],
	[/^product\.reserve .*\/limited_items$/, "at most one for each line of the order, of 100"],
	[/^order\.\S+ \S*\/(items|limited_items)$/, "at most one for each line of the order, of 100"],
	[/^payment\.charge \/outcomes$/, { parameter: "charges" }],
	[/^payment\.void \/outcomes$/, { parameter: "order_ids" }],
	[/^payment\.\S+ \S*\/lines$/, "at most one for each line of the order, of 100"],
	[/^payment\.summaries \/payments$/, { parameter: "order_ids" }],
	[/^payment\.review\.list \/data$/, { parameter: "limit" }],
	[/^payment\.notice\.list \/notices$/, { parameter: "limit" }],
	[/^notification\.waiting \/data$/, "one for each channel and state"],
	[/^notification\.mailbox\.list \/data$/, { parameter: "limit" }],
	[/^\w+\.stream\.(lag|replay) \/partitions$/, "the partitions of the topics that a service reads"],
	[/^\w+\.dlq\.show \/headers$/, "cut to the size of a page"],
	[/^\w+\.dlq\.redriveAll \/refused$/, { parameter: "limit" }],
	[/^analytics\.changes \/data$/, { parameter: "limit" }],
	[/^analytics\.summary \/data$/, "one for each currency that the provider takes"],
	[/^analytics\.topProducts \/data$/, "cut to the size of a page"],
	[/^gateway\.health \/(checks|waiting_messages)$/, "one for each service, channel and state"],
	[/^gateway\.(description|streams) $/, "documents of the node itself, which answers over HTTP"]
];

/** Texts without a bound in their schema, by the end of their place, and what bounds them. */
const texts: [pattern: RegExp, bound: string][] = [
	[/\/next_cursor$/, "the last row's place in the list"],
	[/^user\.authenticate \/access_token$/, "claims of the shop"],
	[/^user\.keys /, "the configuration's"],
	[/^gateway\.health \/version$/, "the configuration's"],
	[/^gateway\.\w+ $/, "documents of the node itself, which answers over HTTP"],
	[/^product\.\S+ \S*\/image_url$/, "of the catalogue that comes with the shop"],
	[
		/^product\.stock\.\S+ \/ledger\/\[\]\/(reason|note)$/,
		"the shop's, or as `reason` of stock.adjust"
	],
	[/^product\.(quote|describe) \S+\/name$/, "as `name` of product.create"],
	[/^analytics\.\S+ \S+\/(name|category)$/, "as product.describe answers"],
	[/^order\.\S+ \S*\/items\/\[\]\/name$/, "as `name` of product.create"],
	[/^order\.\S+ \S*\/shipping_address\/\w+$/, "as `shipping_address` of order.place"],
	[/^order\.\S+ \S*\/shipment\/(carrier|tracking_number)$/, "as the parameters of order.ship"],
	[/^order\.\S+ \S*\/limited_items\/\[\]\/detail$/, "a sentence of the shop"],
	[/^order\.\S+ \S*\/(reason|note)$/, "the shop's, or as `reason` and `note` of a command"],
	[/^order\.events \S+\/(type|actor\/(id|role))$/, "the shop's, or the id of an account"],
	[/^order\.saga\.\S+ \S*\/lease\/owner$/, "the id of a node"],
	[/\/next_action\/url$/, "the provider's page, which no part of may be cut off"],
	[/^payment\.\S+ \S*\/(ref|provider_ref)$/, "the provider's ids have at most 255 characters"],
	[
		/^payment\.\S+ \S*\/refunds\/\[\]\/(reason|requested_by)$/,
		"as `reason` of payment.refund, an id"
	],
	[/^notification\.\S+ \S*\/(user_id|to|type)$/, "checked when it was written"],
	[
		/^notification\.\S+ \S*\/(subject|html|text|short)$/,
		"rendered from an event of at most 256 KiB"
	],
	[/^\w+\.stream\.\w+ \S*\/(group|topic|mode)$/, "names of the shop"],
	[/^\w+\.dlq\.\w+ \S*\/(topic|reason)$/, "names and codes of the shop"]
];

const isUnbounded = (s: TSchema) =>
	(s.type === "array" && s.maxItems === undefined) || s.patternProperties !== undefined;

const propertyOf = (schema: TSchema, name: string) =>
	(schema.properties as Record<string, TSchema> | undefined)?.[name];

const openFormats = ["uri", "idn-email"];

/** A repetition without an end. */
const isOpenPattern = (pattern: string) =>
	/[*+]|,\}/.test(pattern.replaceAll(/\\./g, "").replaceAll(/\[[^\]]*\]/g, ""));

const isOpenText = ({ type, enum: values, const: value, maxLength, format, pattern }: TSchema) =>
	type === "string" &&
	(values ?? value ?? maxLength) === undefined &&
	(format === undefined || openFormats.includes(format)) &&
	(pattern === undefined || isOpenPattern(pattern));

/** Texts without a bound in a reply. */
const openTexts = (action: ActionContract) =>
	parts(action.returns)
		.filter(([, schema]) => isOpenText(schema))
		.map(([pointer]) => `${action.name} ${pointer.replaceAll(/\/anyOf \d/g, "")}`);

/** A parameter that says how many there may be in the reply. */
function limits({ params }: ActionContract, name: string): boolean {
	const most = propertyOf(params, name);
	return (most?.maximum ?? most?.maxItems ?? Infinity) <= 1000;
}

/** `KeysetList` cuts it by number, and where rows may be large by size. */
const isPage = (action: ActionContract, pointer: string) =>
	pointer === "/data" &&
	propertyOf(action.returns, "next_cursor") !== undefined &&
	propertyOf(action.params, "cursor") !== undefined &&
	limits(action, "limit");

/** What is without a bound in the reply of an action. */
const unbounded = (action: ActionContract, known = bounds) =>
	parts(action.returns)
		.filter(([pointer, schema]) => isUnbounded(schema) && !isPage(action, pointer))
		.map(([pointer]) => `${action.name} ${pointer}`)
		.filter(place => {
			const bound = known.find(([pattern]) => pattern.test(place))?.[1];
			return bound === undefined || (typeof bound !== "string" && !limits(action, bound.parameter));
		});

it.each(actions.map(action => [action.name, action] as const))(
	"every list in a reply of %s has a bound",
	(_, action) => {
		expect(unbounded(action)).toEqual([]);
	}
);

it("each bound is of a list without one in its schema, and once", () => {
	const places = actions.flatMap(action => unbounded(action, []));
	for (const [pattern] of bounds)
		expect([pattern, places.some(place => pattern.test(place))]).toEqual([pattern, true]);
	const twice = (place: string) => bounds.filter(([pattern]) => pattern.test(place)).length > 1;
	expect(places.filter(twice)).toEqual([]);
});

it("every text in a reply has a bound in its schema, or one that is named here", () => {
	const unnamed = (place: string) => !texts.some(([pattern]) => pattern.test(place));
	expect(actions.flatMap(openTexts).filter(unnamed)).toEqual([]);
});

it("each bound of texts is of one without one in its schema, and once", () => {
	const places = actions.flatMap(openTexts);
	for (const [pattern] of texts)
		expect([pattern, places.some(place => pattern.test(place))]).toEqual([pattern, true]);
	const twice = (place: string) => texts.filter(([pattern]) => pattern.test(place)).length > 1;
	expect(places.filter(twice)).toEqual([]);
});
