import type { TSchema } from "../lib/schema.ts";
import { validate } from "../lib/validator.ts";
import { actions, contracts, parts } from "../tests/support/contract-parts.ts";
import { address } from "../tests/support/shop/orders.ts";
import { WindowStreamEvent } from "./analytics.ts";
import { LowStockEvent, OrderStreamEvent, WebhookDisabledEvent } from "./events.ts";
import { order } from "./order.ts";

const named = actions.map(action => [action.name, action] as const);

const offending = (schema: TSchema, wrong: (schema: TSchema) => unknown) =>
	parts(schema).flatMap(([pointer, part]) => (wrong(part) ? [pointer] : []));

const isOpen = (s: TSchema) =>
	s.type === "object" && s.additionalProperties !== false && !s.patternProperties;
const isEndless = (s: TSchema) =>
	(s.type === "string" && !s.enum && !s.pattern && !s.format && s.maxLength === undefined) ||
	(s.type === "array" && s.maxItems === undefined) ||
	(/^(integer|number)$/.test(s.type) && (s.minimum === undefined || s.maximum === undefined));

const messages = { OrderStreamEvent, LowStockEvent, WebhookDisabledEvent, WindowStreamEvent };
const described: [name: string, schema: TSchema][] = [
	...actions.flatMap(({ name, params, returns }): [string, TSchema][] => [
		[`params of ${name}`, params],
		[`result of ${name}`, returns]
	]),
	...Object.entries(messages)
];

describe("every contract", () => {
	it("names its actions after itself", () => {
		for (const { name, actions } of contracts)
			for (const [key, action] of Object.entries(actions))
				expect(action.name).toBe(`${name}.${key}`);
	});
});

it.each(described)(
	"each rule of %s that Ajv words for programmers has its own words",
	(_, schema) => {
		const isUnworded = ({ pattern, format, not, rule }: TSchema) =>
			Boolean(pattern ?? format ?? not) && !/^[a-zA-Z0-9].*[^.]$/.test(rule ?? "");
		expect(offending(schema, isUnworded)).toEqual([]);
	}
);

describe.each(named)("the action %s", (_name, action) => {
	it("is described in one sentence without a full stop", () => {
		expect(action.summary).toMatch(/^[A-Z][^\n]*[^.]$/);
	});

	it("refuses unknown members at every depth", () => {
		expect([...offending(action.params, isOpen), ...offending(action.returns, isOpen)]).toEqual([]);
	});

	it("bounds all input except versions", () => {
		const endless = offending(action.params, isEndless);
		expect(endless.filter(pointer => pointer !== "/version")).toEqual([]);
	});

	it("has schemas that Ajv accepts in strict mode", () => {
		expect(() => [validate(action.params, {}), validate(action.returns, {})]).not.toThrow();
	});
});

describe("order.place", () => {
	const valid = {
		items: [{ product_id: "prod-001", quantity: 2 }],
		shipping_address: address,
		payment_method: "pm_card_visa",
		idempotency_key: "k-1"
	};
	const pointers = (change: object) =>
		validate(order.actions.place.params, { ...valid, ...change }).map(({ pointer }) => pointer);

	it("accepts an order", () => {
		expect(pointers({})).toEqual([]);
	});

	it.each([
		[{ items: [] }, "/items"],
		[{ items: Array.from({ length: 101 }, () => valid.items[0]) }, "/items"],
		[{ items: [{ product_id: "prod-001", quantity: 0 }] }, "/items/0/quantity"],
		[{ items: [{ product_id: "prod-001", quantity: 1000 }] }, "/items/0/quantity"],
		[{ items: [{ product_id: "../etc", quantity: 1 }] }, "/items/0/product_id"],
		[{ items: [{ product_id: "prod-001", quantity: 1, unit_price: 1 }] }, "/items/0/unit_price"],
		[
			{ shipping_address: { ...valid.shipping_address, country: "Mars" } },
			"/shipping_address/country"
		],
		[
			{ shipping_address: { ...valid.shipping_address, city: "S\u0000F" } },
			"/shipping_address/city"
		],
		[{ payment_method: "4242424242424242" }, "/payment_method"],
		[{ idempotency_key: "a b" }, "/idempotency_key"],
		[{ total: 1 }, "/total"]
	])("refuses %j at %s", (change, pointer) => {
		expect(pointers(change)).toEqual([pointer]);
	});
});
