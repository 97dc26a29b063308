import { schemaOf, type LowStockEvent } from "../../contracts/events.ts";
import type { Message } from "../driver.ts";
import { Unreadable } from "./event-reader.ts";
import { readStaffEvent } from "./staff-event-reader.ts";

const at = new Date("2026-03-01T12:00:00Z");
const event: LowStockEvent = {
	specversion: "1.0",
	id: "0193a1c2-7b1e-7f00-8000-000000000001",
	source: "/products",
	type: "product.low_stock",
	subject: "prod-001",
	time: at.toISOString(),
	datacontenttype: "application/json",
	dataschema: schemaOf("product.low_stock"),
	partitionkey: "prod-001",
	sequence: "1",
	data: { product_id: "prod-001", name: "Desk lamp", available: 5, threshold: 5 }
};

function reason(value: unknown, key: string | null): string {
	const message: Message = {
		topic: "notifications",
		partition: 0,
		offset: 0n,
		key,
		headers: {},
		at,
		value: Buffer.from(JSON.stringify(value))
	};
	try {
		expect(readStaffEvent(message)).toEqual(event);
		return "read";
	} catch (error) {
		if (error instanceof Unreadable) return error.reason;
		throw error;
	}
}

it.each<[string, unknown, string | null, string]>([
	["as it was written", event, "prod-001", "read"],
	["of an order", { ...event, type: "order.created" }, "prod-001", "unknown-type"],
	[
		"of another version",
		{ ...event, dataschema: `${event.dataschema}1` },
		"prod-001",
		"unknown-version"
	],
	[
		"with a negative number left",
		{ ...event, data: { ...event.data, available: -1 } },
		"prod-001",
		"invalid"
	],
	["of another product", { ...event, subject: "prod-002" }, "prod-001", "wrong-key"],
	["under another key", event, "prod-002", "wrong-key"],
	["without a key", event, null, "wrong-key"],
	[
		"with a trace of zeros",
		{ ...event, traceparent: `00-${"0".repeat(32)}-1234567890abcdef-01` },
		"prod-001",
		"invalid"
	]
])("a low stock event %s is handled", (_, value, key, wanted) => {
	expect(reason(value, key)).toBe(wanted);
});
