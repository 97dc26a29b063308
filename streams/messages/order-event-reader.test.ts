import { schemaOf, type OrderStreamEvent } from "../../contracts/events.ts";
import { orderEventTypes } from "../../contracts/order-status.ts";
import type { Message } from "../driver.ts";
import { readOrderEvent } from "./order-event-reader.ts";
import { Unreadable } from "./event-reader.ts";

const at = new Date("2026-03-01T12:00:00.000Z");
const usd = (amount: number) => ({ amount, currency: "USD" });
const order_id = "0193a1c2-7b1e-7f00-8000-000000000001";

const event: OrderStreamEvent = {
	specversion: "1.0",
	id: "0193a1c2-7b1e-7f00-8000-0000000000ff",
	source: "/orders",
	type: "order.confirmed",
	subject: order_id,
	time: "2026-03-01T11:59:59.123Z",
	datacontenttype: "application/json",
	dataschema: schemaOf("order.confirmed"),
	partitionkey: "user-123",
	sequence: "3",
	data: {
		order_id,
		user_id: "user-123",
		status: "confirmed",
		reason: null,
		items: [{ product_id: "prod-001", name: "Cup", quantity: 1, unit_price: usd(100) }],
		totals: { subtotal: usd(100), shipping: usd(0), tax: usd(0), total: usd(100) },
		total: usd(100)
	}
};

const message = (value: unknown, more: Partial<Message> = {}): Message => ({
	topic: "orders",
	partition: 0,
	offset: 0n,
	key: "user-123",
	headers: {},
	at,
	value: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
	...more
});

function reason(of: Message): string {
	try {
		readOrderEvent(of);
	} catch (error) {
		if (error instanceof Unreadable) return error.reason;
		throw error;
	}
	return "read";
}

const without = (name: keyof OrderStreamEvent) =>
	Object.fromEntries(Object.entries(event).filter(([key]) => key !== name));
const ids = Array.from({ length: 50 }, (_, n) => `member_${n}`);
const data = (over: object) => ({ ...event, data: { ...event.data, ...over } });

describe("an order event", () => {
	it("with a leap second is of the second after it", () => {
		const leap = (time: string) => message({ ...event, time });
		expect(readOrderEvent(leap("2026-02-28T23:59:60Z")).time).toBe("2026-03-01T00:00:00.000Z");
		expect(reason(leap("2026-03-01T11:59:60Z"))).toBe("invalid");
	});

	it.each([
		["in its envelope", { ...event, extra: 1 }],
		["in its data", data({ extra: { a: [1] } })],
		["in a nested object", data({ total: { ...event.data.total, extra: null } })],
		["in great number", { ...event, ...Object.fromEntries(ids.map(id => [id, id])) }]
	])("of a later version may have members that are unknown %s", (_, later) => {
		expect(reason(message(later))).toBe("read");
	});

	it("of a later version is judged by the members that are known", () => {
		const many = Object.fromEntries(ids.map(id => [id, id]));
		expect(reason(message({ ...many, ...data({ total: usd(-1), extra: 1 }) }))).toBe("invalid");
	});

	it("is read as it was written", () => {
		expect(readOrderEvent(message(event))).toEqual(event);
	});

	it.each(orderEventTypes.map(type => [type]))("may be %s", type => {
		expect(reason(message({ ...event, type, dataschema: schemaOf(type) }))).toBe("read");
	});

	it.each<[string, Message, string]>([
		["not JSON", message("{"), "not-json"],
		["a number", message("1"), "not-json"],
		["nothing", message(""), "not-json"],
		["not UTF-8", message("", { value: Buffer.from([0xff, 0xfe]) }), "not-json"],
		["of 1 MiB", message("x".repeat(1024 * 1024)), "too-large"],
		["of an unknown type", message({ ...event, type: "order.eaten" }), "unknown-type"],
		["without a type", message(without("type")), "unknown-type"],
		[
			"of another version",
			message({ ...event, dataschema: schemaOf("order.confirmed", 2) }),
			"unknown-version"
		],
		[
			"of another type's schema",
			message({ ...event, dataschema: schemaOf("order.shipped") }),
			"unknown-version"
		],
		["without an id", message(without("id")), "invalid"],
		["with an invalid id", message({ ...event, id: "1" }), "invalid"],
		["without data", message(without("data")), "invalid"],
		["with a negative amount", message(data({ total: usd(-1) })), "invalid"],
		["with a fraction", message(data({ total: usd(0.5) })), "invalid"],
		[
			"with an unknown currency",
			message(data({ total: { amount: 1, currency: "ZZZ" } })),
			"invalid"
		],
		["without items", message(data({ items: [] })), "invalid"],
		["with an invalid time", message({ ...event, time: "yesterday" }), "invalid"],
		["in the future", message({ ...event, time: "2026-03-01T12:15:01.000Z" }), "time-in-future"],
		["of 1970", message({ ...event, time: "1970-01-01T00:00:00.000Z" }), "time-too-old"],
		["under another key", message(event, { key: "user-456" }), "wrong-key"],
		["without a key", message(event, { key: null }), "wrong-key"],
		["of another's order", message({ ...event, subject: event.id }), "wrong-key"]
	])("is not read when it is %s", (_, broken, expected) => {
		expect(reason(broken)).toBe(expected);
	});
});
