import { schemaOf, type LowStockEvent } from "../../contracts/events.ts";
import { buildWebhookDisabled } from "../../tests/support/streams/webhook-event.ts";
import type { Message } from "../driver.ts";
import { Unreadable } from "./event-reader.ts";
import { readStaffEvent } from "./staff-event-reader.ts";

const at = new Date("2026-03-01T12:00:00Z");
const stock: LowStockEvent = {
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
const webhook_id = "0193a1c2-7b1e-7f00-8000-000000000004";
const webhook = { ...buildWebhookDisabled({ webhook_id }), time: at.toISOString() };
const disabled = (changes: object) => ({ ...webhook, data: { ...webhook.data, ...changes } });

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
		expect(readStaffEvent(message)).toEqual(value);
		return "read";
	} catch (error) {
		if (error instanceof Unreadable) return error.reason;
		throw error;
	}
}

it.each<[string, unknown, string | null, string]>([
	["as it was written", stock, "prod-001", "read"],
	["of an order", { ...stock, type: "order.created" }, "prod-001", "unknown-type"],
	[
		"of another version",
		{ ...stock, dataschema: `${stock.dataschema}1` },
		"prod-001",
		"unknown-version"
	],
	[
		"with a negative number left",
		{ ...stock, data: { ...stock.data, available: -1 } },
		"prod-001",
		"invalid"
	],
	["of another product", { ...stock, subject: "prod-002" }, "prod-001", "wrong-key"],
	["under another key", stock, "prod-002", "wrong-key"],
	["without a key", stock, null, "wrong-key"],
	[
		"with a trace of zeros",
		{ ...stock, traceparent: `00-${"0".repeat(32)}-1234567890abcdef-01` },
		"prod-001",
		"invalid"
	]
])("a low stock event %s is handled", (_, value, key, wanted) => {
	expect(reason(value, key)).toBe(wanted);
});

it.each<[string, unknown, string | null, string]>([
	["as it was written", webhook, webhook_id, "read"],
	["of one that is gone", disabled({ reason: "gone", failing_since: null }), webhook_id, "read"],
	["of an unknown type", { ...webhook, type: "webhook.enabled" }, webhook_id, "unknown-type"],
	[
		"of another version",
		{ ...webhook, dataschema: schemaOf("webhook.disabled", 2) },
		webhook_id,
		"unknown-version"
	],
	[
		"of low stock's schema",
		{ ...webhook, dataschema: stock.dataschema },
		webhook_id,
		"unknown-version"
	],
	["with the data of low stock", { ...webhook, data: stock.data }, webhook_id, "invalid"],
	["from products", { ...webhook, source: "/products" }, webhook_id, "invalid"],
	["for an unknown reason", disabled({ reason: "slow" }), webhook_id, "invalid"],
	["with no time but a text", disabled({ failing_since: "a week" }), webhook_id, "invalid"],
	["without an error", disabled({ last_error: undefined }), webhook_id, "invalid"],
	["with a long error", disabled({ last_error: "x".repeat(301) }), webhook_id, "invalid"],
	["of another webhook", { ...webhook, subject: webhook.id }, webhook_id, "wrong-key"],
	["under another key", webhook, webhook.id, "wrong-key"],
	["without a key", webhook, null, "wrong-key"]
])("an event of a disabled webhook %s is handled", (_, value, key, wanted) => {
	expect(reason(value, key)).toBe(wanted);
});
