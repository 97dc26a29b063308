import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CloudEventV1 } from "cloudevents";
import { CloudEvent, Kafka } from "cloudevents";
import { WindowStreamEvent } from "../contracts/analytics.ts";
import type { OrderStreamEvent, WebhookDisabledEvent } from "../contracts/events.ts";
import { orderEventTypes } from "../contracts/order-status.ts";
import { validate } from "../lib/validator.ts";
import { toMessage as toWindowMessage } from "../services/analytics/windows/window-messages.ts";
import { toPending } from "../services/analytics/windows/window.outbox.ts";
import { toMessage as toStockMessage } from "../services/product/product.outbox.ts";
import { toDeadLetter, toDlqMessage } from "../streams/consumer/dead-letter.ts";
import { cloudContentType } from "../streams/messages/cloud-message.ts";
import { readStaffEvent } from "../streams/messages/staff-event-reader.ts";
import { readOrderEvent } from "../streams/messages/order-event-reader.ts";
import { goldenOrder, publishedOrderEvent } from "./support/streams/golden-event.ts";

/**
 * One file for each event and version: producers must write the newest, consumers must accept all. `npm run generate`
 * writes the first one of a new type. An existing file never changes; a change is a new version
 * (tests/compatibility compares those that were released).
 */
const folder = join(import.meta.dirname, "../contracts/golden");
const golden = (name: string) => readFileSync(join(folder, `${name}.json`), "utf8");

const files = readdirSync(folder).map(file => file.replace(/\.json$/, ""));

/** Names of the golden files of a type, oldest first: `order.confirmed.v1` … */
function versionsOf(type: string): string[] {
	const versions = files.flatMap(file => {
		const [, name, version] = /^(.+)\.v(\d+)$/.exec(file) ?? [];
		return name === type ? [Number(version)] : [];
	});
	return versions.toSorted((a, b) => a - b).map(version => `${type}.v${version}`);
}

/** What producers write. */
const newest = (type: string) => JSON.parse(golden(versionsOf(type).at(-1)!));

const { order_id, at } = goldenOrder;

describe.each(orderEventTypes)("%s", type => {
	it("is written as its golden file has it", () => {
		expect(JSON.parse(String(publishedOrderEvent(type).value))).toEqual(newest(type));
	});

	it.each(versionsOf(type))("is accepted as %s.json has it", version => {
		const event = JSON.parse(golden(version)) as OrderStreamEvent;
		const value = Buffer.from(golden(version));
		const message = { topic: "orders", partition: 0, offset: 0n, headers: {}, at: new Date(at) };
		expect(readOrderEvent({ ...message, key: event.partitionkey, value })).toEqual(event);
	});

	it("has its epoch after a restore, and is accepted with it", () => {
		const { key, value, headers = {} } = publishedOrderEvent(type, 2);
		const event = { ...newest(type), epoch: 2 };
		expect(JSON.parse(String(value))).toEqual(event);
		const message = { topic: "orders", partition: 0, offset: 0n, headers, at: new Date(at), key };
		expect(readOrderEvent({ ...message, value: Buffer.from(value) })).toEqual(event);
	});

	it("is a CloudEvent in its value and its headers", () => {
		const event: CloudEventV1<OrderStreamEvent["data"]> = newest(type);
		expect(new CloudEvent(event).validate()).toBe(true);
		const { value, headers } = publishedOrderEvent(type);
		const read = Kafka.toEvent({ headers, key: "", value, body: value, timestamp: "" } as never);
		expect(read).toMatchObject({ id: event.id, type, source: "/orders", subject: order_id });
		for (const name of ["id", "source", "type", "subject", "specversion", "time"])
			expect(headers?.[`ce_${name}`]).toBe(String(event[name]));
	});
});

describe("product.low_stock", () => {
	const data = { product_id: "prod-001", name: "Desk lamp", available: 3, threshold: 5 };
	const { message } = toStockMessage({
		id: 7,
		event_id: "0193a1c2-7b1e-7f00-8000-0000000000e3",
		subject: "prod-001",
		occurred_at: new Date(at),
		data: JSON.stringify(data)
	});
	const event = newest("product.low_stock");

	it("is written and accepted as its golden file has it, and is a CloudEvent", () => {
		expect(JSON.parse(String(message.value))).toEqual(event);
		const value = Buffer.from(message.value);
		const found = { topic: "notifications", partition: 0, offset: 0n, at: new Date(at), value };
		expect(readStaffEvent({ ...found, headers: {}, key: "prod-001" })).toEqual(event);
		expect(new CloudEvent(event).validate()).toBe(true);
		expect(message.headers).toMatchObject({ ce_type: "product.low_stock", ce_id: event.id });
	});
});

describe.each(versionsOf("webhook.disabled"))("%s", version => {
	const event: WebhookDisabledEvent = JSON.parse(golden(version));

	it("is accepted as its golden file has it, and is a CloudEvent", () => {
		const value = Buffer.from(golden(version));
		const found = { topic: "notifications", partition: 0, offset: 0n, at: new Date(at), value };
		expect(readStaffEvent({ ...found, headers: {}, key: event.subject })).toEqual(event);
		expect(new CloudEvent(event).validate()).toBe(true);
	});
});

describe("analytics.window", () => {
	const result = { start: Date.parse(at), currency: "USD", orders: 3, revenue: 10_000, users: 2 };
	const message = toWindowMessage(
		{ ...result, average: 3333, revision: 2, final: false },
		Date.parse("2026-03-01T12:31:06.000Z")
	);

	it("is written as its golden file has it, and matches the contract", () => {
		// Its id is derived from its window and revision.
		expect({ ...message, id: "0193a1c2-7b1e-7f00-8000-0000000000e2" }).toEqual(
			JSON.parse(golden("analytics.window.v1"))
		);
		expect(validate(WindowStreamEvent, message)).toEqual([]);
	});

	it("is a CloudEvent in its value and its headers", () => {
		expect(new CloudEvent(message as CloudEventV1<unknown>).validate()).toBe(true);
		const row = { id: 7, topic: "analytics-results", key: message.partitionkey };
		const { headers, value } = toPending({ ...row, value: JSON.stringify(message) }).message;
		expect(Kafka.isEvent({ headers, value, key: "", body: value, timestamp: "" } as never)).toBe(
			true
		);
		for (const name of ["id", "source", "type", "subject", "specversion", "time"] as const)
			expect(headers?.[`ce_${name}`]).toBe(message[name]);
	});
});

describe("dead_letter", () => {
	const { topic, partition, offset } = { topic: "orders", partition: 3, offset: 42n };
	const headers = { "content-type": cloudContentType };
	const value = Buffer.from("{");
	const original = { topic, partition, offset, at: new Date(at), key: "user-123", headers, value };

	it("is written as its golden file has it", () => {
		const deadLetter = toDeadLetter(original, "not-json", "Unexpected end of JSON input", 1);
		const message = toDlqMessage(deadLetter, "notification");
		expect({ ...message, value: String(message.value) }).toEqual(newest("dead_letter"));
	});
});

it("has a file for each version of each event, from the first one on, and no other", () => {
	const staff = ["product.low_stock", "webhook.disabled"];
	const types = [...orderEventTypes, "analytics.window", ...staff, "dead_letter"];
	const wanted = types.flatMap(type =>
		Array.from({ length: Math.max(1, versionsOf(type).length) }, (_, n) => `${type}.v${n + 1}`)
	);
	expect(files.toSorted()).toEqual(wanted.toSorted());
});
