import type { ContractSnapshot, JsonSchema } from "../../scripts/release/contract-snapshot.ts";
import { breaksOf } from "./contract.rules.ts";

const object = (properties: Record<string, JsonSchema>, required = Object.keys(properties)) => ({
	type: "object",
	additionalProperties: false,
	properties,
	required
});
const text = { type: "string", maxLength: 100 };
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** A small shop with one of each kind of contract. */
const small = () =>
	({
		version: "1.0.0",
		actions: {
			"order.place": {
				access: ["customer", "admin"],
				params: object(
					{
						items: { type: "array", items: reference("Line"), minItems: 1, maxItems: 100 },
						note: text
					},
					["items"]
				),
				returns: reference("Order")
			},
			"order.find": {
				access: "anyone",
				params: object({ limit: { type: "integer", minimum: 1, maximum: 100, default: 20 } }, []),
				returns: object({ data: { type: "array", items: reference("Order") } })
			}
		},
		hints: { "order.moved": object({ id: text }) },
		routes: {
			"POST /orders": {
				access: ["customer", "admin"],
				parameters: {
					"header Idempotency-Key": { required: true, schema: { type: "string" } },
					"query wait": { required: false, schema: { type: "integer" } }
				},
				body: { required: false, content: { "application/json": object({ note: text }, []) } },
				responses: {
					201: {
						headers: { Location: { type: "string" } },
						content: { "application/json": reference("Order") },
						problems: []
					},
					422: {
						headers: {},
						content: { "application/problem+json": reference("Problem") },
						problems: ["price-changed", "validation-failed"]
					}
				}
			}
		},
		messages: {
			OrderEvent: {
				topics: ["orders"],
				parts: { headers: object({ ce_id: text }), payload: reference("Event") }
			}
		},
		topics: {},
		webhooks: { order: { headers: ["webhook-id"], body: reference("Event") } },
		schemas: {
			Line: object({
				product_id: { type: "string", format: "uuid" },
				quantity: { type: "integer", minimum: 1, maximum: 999 }
			}),
			Order: object(
				{
					id: { type: "string", format: "uuid" },
					status: { type: "string", enum: ["pending", "confirmed"] },
					reason: { anyOf: [{ type: "string" }, { type: "null" }] },
					total: { type: "integer", minimum: 0 },
					items: { type: "array", items: reference("Line") },
					shipment: object({ carrier: text })
				},
				["id", "status", "reason", "total", "items"]
			),
			Problem: object({ code: { type: "string" } }),
			Event: {
				type: "object",
				properties: {
					type: { type: "string", enum: ["order.confirmed"] },
					data: { type: "object", properties: { total: { type: "integer" } }, required: ["total"] }
				},
				required: ["type", "data"]
			}
		}
	}) satisfies ContractSnapshot;
type Shop = ReturnType<typeof small>;
/** A copy whose schemas are its own. */
const shop = (): Shop => JSON.parse(JSON.stringify(small())) as Shop;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is planted has other types than the shop
type Any = any;

function textsOf(change: (present: Any) => void): string[] {
	const present: Shop = shop();
	change(present);
	return breaksOf(shop(), present).map(one => one.text);
}

const place = (present: Any) => present.actions["order.place"].params;
const find = (present: Any) => present.actions["order.find"];
const route = (present: Any) => present.routes["POST /orders"];
const order = (present: Any) => present.schemas.Order;
const event = (present: Any) => present.schemas.Event;

describe("what breaks", () => {
	it.each<[text: string, change: (present: Any) => void]>([
		// Requests.
		[
			"request order.place.coupon: is required now",
			s => {
				place(s).properties.coupon = text;
				place(s).required.push("coupon");
			}
		],
		["request order.place.note: is required now", s => place(s).required.push("note")],
		["request order.place.note: is not taken any more", s => delete place(s).properties.note],
		[
			"request order.place.note: maxLength is 50, was 100",
			s => (place(s).properties.note = { type: "string", maxLength: 50 })
		],
		[
			"request order.place.note: minLength is 1, was none",
			s => (place(s).properties.note = { ...text, minLength: 1 })
		],
		[
			'request order.place.note: pattern is "^a", was none',
			s => (place(s).properties.note = { ...text, pattern: "^a" })
		],
		[
			"request order.place.note: is integer, was string",
			s => (place(s).properties.note = { type: "integer" })
		],
		[
			'request order.place.note: takes only ["a"] now',
			s => (place(s).properties.note = { ...text, enum: ["a"] })
		],
		[
			"request order.place.items: maxItems is 10, was 100",
			s => (place(s).properties.items.maxItems = 10)
		],
		[
			"request order.place.items: minItems is 2, was 1",
			s => (place(s).properties.items.minItems = 2)
		],
		[
			"request order.place.items: uniqueItems is true, was none",
			s => (place(s).properties.items.uniqueItems = true)
		],
		[
			"request Line.quantity: maximum is 99, was 999",
			s => (s.schemas.Line.properties.quantity.maximum = 99)
		],
		[
			"request order.find.limit: default is 50, was 20",
			s => (find(s).params.properties.limit.default = 50)
		],
		[
			"request order.find.limit: default is none, was 20",
			s => delete find(s).params.properties.limit.default
		],
		["action order.find is gone", s => delete s.actions["order.find"]],
		[
			"order.place: may not be called by customer any more",
			s => (s.actions["order.place"].access = ["admin"])
		],
		["order.find: may not be called by anyone any more", s => (find(s).access = ["customer"])],
		["order.find: may not be called by anyone any more", s => (find(s).access = "internal")],
		// Routes.
		["route POST /orders is gone", s => delete s.routes["POST /orders"]],
		[
			"route POST /orders is gone",
			s => {
				s.routes["POST /order"] = route(s);
				delete s.routes["POST /orders"];
			}
		],
		[
			"POST /orders: parameter query wait is required now",
			s => (route(s).parameters["query wait"].required = true)
		],
		[
			"POST /orders: parameter header If-Match is new and required",
			s => (route(s).parameters["header If-Match"] = { required: true, schema: text })
		],
		["POST /orders: parameter query wait is gone", s => delete route(s).parameters["query wait"]],
		[
			"request POST /orders query wait: maximum is 10, was none",
			s => (route(s).parameters["query wait"].schema.maximum = 10)
		],
		["POST /orders: a body is required now", s => (route(s).body.required = true)],
		["POST /orders: body of type application/json is gone", s => (route(s).body = null)],
		[
			"POST /orders: status 201 is gone",
			s => {
				route(s).responses[202] = route(s).responses[201];
				delete route(s).responses[201];
			}
		],
		[
			"POST /orders: answers with the new status 202",
			s => {
				route(s).responses[202] = route(s).responses[201];
				delete route(s).responses[201];
			}
		],
		[
			"POST /orders: answer 201: header Location is gone",
			s => delete route(s).responses[201].headers.Location
		],
		[
			"POST /orders: answer 201: content of type application/json is gone",
			s => (route(s).responses[201].content = { "text/plain": text })
		],
		[
			"POST /orders: answer 422: problem price-changed is gone",
			s => (route(s).responses[422].problems = ["price-moved", "validation-failed"])
		],
		["POST /orders: may not be called by customer any more", s => (route(s).access = ["admin"])],
		// Answers.
		["answer Order.total: is not given any more", s => delete order(s).properties.total],
		["answer Order.shipment: is not given any more", s => delete order(s).properties.shipment],
		[
			"answer Order.total: may be missing now",
			s => (order(s).required = ["id", "status", "reason", "items"])
		],
		[
			"answer Order.total: is integer or null, was integer",
			s =>
				(order(s).properties.total = { anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }] })
		],
		["answer Order.total: is string, was integer", s => (order(s).properties.total = text)],
		[
			"answer Order.total: is number, was integer",
			s => (order(s).properties.total.type = "number")
		],
		["answer Order.total: minimum is none, was 0", s => delete order(s).properties.total.minimum],
		[
			'answer Order.status: "lost" is a new value',
			s => order(s).properties.status.enum.push("lost")
		],
		[
			"answer Order.status: may be any value now",
			s => (order(s).properties.status = { type: "string" })
		],
		['answer Order.id: format is none, was "uuid"', s => delete order(s).properties.id.format],
		[
			"answer Order.shipment.carrier: maxLength is 200, was 100",
			s => (order(s).properties.shipment.properties.carrier.maxLength = 200)
		],
		["answer Line.quantity: is not given any more", s => delete s.schemas.Line.properties.quantity],
		[
			"answer order.find.data: is object, was array",
			s => (find(s).returns.properties.data = object({}))
		],
		// Events, hints and webhooks.
		["event OrderEvent is gone", s => delete s.messages.OrderEvent],
		[
			"event OrderEvent is not in the topic orders any more",
			s => (s.messages.OrderEvent.topics = ["sales"])
		],
		[
			"event Event.data.total: is not given any more",
			s => delete event(s).properties.data.properties.total
		],
		["event Event.data.total: may be missing now", s => (event(s).properties.data.required = [])],
		[
			'event Event.type: "order.lost" is a new value',
			s => event(s).properties.type.enum.push("order.lost")
		],
		[
			"event OrderEvent headers.ce_id: is not given any more",
			s => (s.messages.OrderEvent.parts.headers = object({}))
		],
		["hint order.moved is gone", s => (s.hints = {})],
		["hint order.moved.id: is not given any more", s => (s.hints["order.moved"] = object({}))],
		[
			"hint order.moved.at: is new, and receivers refuse it",
			s => (s.hints["order.moved"].properties.at = text)
		],
		["webhook order: header webhook-id is gone", s => (s.webhooks.order.headers = [])],
		[
			"webhook Event.data.total: is string, was integer",
			s => (event(s).properties.data.properties.total = text)
		]
	])("%s", (expected, change) => {
		expect(textsOf(change)).toContain(expected);
	});

	it("is reported once, with its places", () => {
		const present: Any = shop();
		order(present).properties.status.enum.push("lost");
		expect(breaksOf(shop(), present)).toEqual([
			{
				text: 'answer Order.status: "lost" is a new value',
				places: ["order.place", "order.find", "POST /orders"],
				isEvent: false
			}
		]);
	});

	it("is not compared by a keyword that no rule knows", () => {
		expect(() => textsOf(s => (place(s).properties.note.contains = text))).toThrow("contains");
	});
});

it.each<[what: string, change: (present: Any) => void]>([
	["nothing", () => undefined],
	["a new action", s => (s.actions["order.hold"] = find(s))],
	["a new route", s => (s.routes["GET /orders"] = route(s))],
	["a new event", s => (s.messages.Lost = s.messages.OrderEvent)],
	["a new optional parameter", s => (place(s).properties.coupon = text)],
	["a parameter that need not be given any more", s => (place(s).required = [])],
	["a wider limit of a parameter", s => (place(s).properties.note.maxLength = 200)],
	["a limit of a parameter that is gone", s => (place(s).properties.note = { type: "string" })],
	[
		"a parameter that may be null too",
		s => (place(s).properties.note = { anyOf: [text, { type: "null" }] })
	],
	[
		"a parameter of more types",
		s => (place(s).properties.note = { type: ["string", "integer"], maxLength: 100 })
	],
	[
		"a whole number as parameter that may be any number",
		s => (route(s).parameters["query wait"].schema.type = "number")
	],
	[
		"an optional header",
		s => (route(s).parameters["header Prefer"] = { required: false, schema: text })
	],
	["one more role", s => (route(s).access = ["customer", "support", "admin"])],
	["an action for anyone", s => (s.actions["order.place"].access = "anyone")],
	["one more problem", s => route(s).responses[422].problems.push("sold-out")],
	["one more status of refusals", s => (route(s).responses[409] = route(s).responses[422])],
	["one more header of an answer", s => (route(s).responses[201].headers.ETag = text)],
	["one more member of an answer", s => (order(s).properties.note = text)],
	["a member of an answer that is always given now", s => order(s).required.push("shipment")],
	[
		"a member of an answer that is never null any more",
		s => (order(s).properties.reason = { type: "string" })
	],
	[
		"a value that an answer never has any more",
		s => (order(s).properties.status.enum = ["confirmed"])
	],
	["a tighter limit of an answer", s => (order(s).properties.total.minimum = 1)],
	["one more member of an event", s => (event(s).properties.data.properties.note = text)],
	[
		"another name of a schema",
		s => {
			s.schemas.Purchase = s.schemas.Order;
			find(s).returns.properties.data.items = reference("Purchase");
		}
	],
	[
		"values as constants instead of a list",
		s =>
			(order(s).properties.status = {
				anyOf: [
					{ const: "pending", type: "string" },
					{ const: "confirmed", type: "string" }
				]
			})
	]
])("%s breaks nothing", (_, change) => {
	expect(textsOf(change)).toEqual([]);
});
