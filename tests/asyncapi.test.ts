import { Parser } from "@asyncapi/parser";
import { asyncApiDocument } from "../services/gateway/api-docs/asyncapi.ts";
import {
	keyOf,
	toMessage as toWindowMessage
} from "../services/analytics/windows/window-messages.ts";
import { toPending } from "../services/analytics/windows/window.outbox.ts";
import { toMessage } from "../services/order/outbox/order.outbox.ts";
import { toMessage as toStockMessage } from "../services/product/product.outbox.ts";
import { toDlqMessage, toDeadLetter } from "../streams/consumer/dead-letter.ts";
import { publishedOrderEvent } from "./support/streams/golden-event.ts";
import { sampleOrderEventData } from "./support/streams/order-event-data.ts";
import { buildWebhookDisabled, webhookDisabledMessage } from "./support/streams/webhook-event.ts";
import { topicSpecs } from "../streams/messages/topics.ts";

describe("the AsyncAPI document", () => {
	it("is valid to AsyncAPI's own parser", async () => {
		const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));
		expect(diagnostics.map(({ message, path }) => `${path.join("/")}: ${message}`)).toEqual([]);
		const addresses = document!
			.channels()
			.all()
			.map(channel => channel.address());
		const made = topicSpecs({ partitions: 1, retentionMs: 1 }).map(({ name }) => name);
		expect(addresses.toSorted()).toEqual(made.toSorted());
	});

	interface Described {
		headers: { properties: Record<string, unknown>; required: string[] };
		bindings: { kafka: { key: { "x-location"?: string } } };
	}
	const { messages } = (asyncApiDocument() as { components: { messages: unknown } }).components as {
		messages: Record<
			"OrderEvent" | "LowStock" | "WebhookDisabled" | "Window" | "DeadLetter",
			Described
		>;
	};
	const row = { id: 1, event_id: crypto.randomUUID(), occurred_at: new Date(), data: "{}" };
	const data = sampleOrderEventData("order.created", { order_id: crypto.randomUUID() });
	const ordered = toMessage({
		...row,
		order_id: data.order_id,
		user_id: data.user_id,
		type: "order.created",
		version: 1,
		epoch: 1,
		traceparent: null
	}).message;
	const found = { topic: "orders", partition: 0, offset: 0n, key: "k", at: new Date() };
	const deadLetter = toDeadLetter(
		{ ...found, headers: {}, value: Buffer.from("{") },
		"not-json",
		"",
		1
	);
	const window = toPending({
		id: 1,
		topic: "analytics-results",
		key: "k",
		value: String(ordered.value)
	}).message;

	it.each([
		["OrderEvent", ordered],
		["LowStock", toStockMessage({ ...row, subject: "prod-001" }).message],
		["WebhookDisabled", webhookDisabledMessage(buildWebhookDisabled())],
		["Window", window],
		["DeadLetter", toDlqMessage(deadLetter, "analytics")],
		["DeadLetter", toDlqMessage({ ...deadLetter, value: Buffer.alloc(2_000_000) }, "analytics")]
	] as const)("states the headers that a %s has", (name, { headers = {} }) => {
		const { properties, required } = messages[name].headers;
		expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(headers)));
		expect(Object.keys(headers)).toEqual(expect.arrayContaining(required));
	});

	const result = { start: 0, currency: "USD", orders: 1, revenue: 1, users: 1, average: 1 };
	const emitted = toWindowMessage({ ...result, revision: 1, final: false }, 60_000);
	const lowStock = { product_id: "prod-001", name: "Desk lamp", available: 3, threshold: 5 };

	it.each([
		["OrderEvent", "/data/user_id", publishedOrderEvent("order.confirmed")],
		[
			"LowStock",
			"/data/product_id",
			toStockMessage({ ...row, subject: "prod-001", data: JSON.stringify(lowStock) }).message
		],
		["WebhookDisabled", "/data/webhook_id", webhookDisabledMessage(buildWebhookDisabled())],
		["Window", "/subject", { key: keyOf(result), value: JSON.stringify(emitted) }]
	] as const)("says that the key of a %s is its %s", (name, pointer, { key, value }) => {
		const stated = messages[name].bindings.kafka.key["x-location"];
		expect(stated).toBe(`$message.payload#${pointer}`);
		const names = pointer.split("/").slice(1);
		const member = names.reduce((from, one) => from[one], JSON.parse(String(value)));
		expect([member, JSON.parse(String(value)).partitionkey]).toEqual([key, key]);
	});

	it("is invalid with a reference that leads nowhere", async () => {
		const broken = JSON.stringify(asyncApiDocument()).replaceAll(
			"messages/Window",
			"messages/Nothing"
		);
		const { diagnostics } = await new Parser().parse(broken);
		expect(diagnostics.map(({ message }) => message).join()).toContain("Nothing");
	});
});
