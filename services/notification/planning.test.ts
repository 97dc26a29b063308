import type { LowStockEvent } from "../../contracts/events.ts";
import { derivedId } from "../../lib/id.ts";
import { buildWebhookDisabled } from "../../tests/support/streams/webhook-event.ts";
import { sampleOrderEvent } from "../../tests/support/streams/order-event-data.ts";
import { plan, type NotifiableEvent } from "./planning.ts";
import { claimOf, newItem } from "./storage/dynamo-item.ts";
import type { NewNotification } from "./tracking-store.ts";

const event = {
	id: "0197c0de-0000-7000-8000-000000000001",
	type: "product.low_stock",
	time: "2026-03-01T12:00:00.000Z",
	data: {}
} as LowStockEvent;

async function planned(of: NotifiableEvent = event): Promise<NewNotification[]> {
	const messages: NewNotification[] = [];
	await plan([of], {
		store: {
			plan: async given => {
				messages.push(...given);
				return given.map(({ id }) => id);
			},
			resend: async () => undefined
		},
		offered: new Set(["email", "sns_topic"]),
		choices: async () => new Map()
	});
	return messages;
}

/** Messages that were planned before the channel `cascade` became `sns_topic` must not be sent again. */
describe("a message to the SNS topic", () => {
	it("keeps the id that it had under the channel's former name", async () => {
		const ids = (await planned()).map(({ channel, id }) => [channel, id]);
		expect(ids).toEqual([
			["email", derivedId(event.id, "email")],
			["sns_topic", derivedId(event.id, "cascade")]
		]);
	});

	it("is read from DynamoDB under either name of its channel", async () => {
		const [, message] = await planned();
		const item = newItem(message!, Date.parse(event.time))!;
		expect(claimOf(item).channel).toBe("sns_topic");
		expect(claimOf({ ...item, channel: { S: "cascade" } }).channel).toBe("sns_topic");
	});
});

describe("the reader of a message", () => {
	it.each([
		["order.refund_issued", "user-123"],
		["order.refund_failed", "user-123"],
		["order.dispute_opened", null],
		["order.dispute_closed", null]
	] as const)("about %s is %s, where null means all admins", async (type, reader) => {
		const [message] = await planned(sampleOrderEvent(type));
		expect(message!.user_id).toBe(reader);
		expect(message!.order_id).not.toBeNull();
	});
});

describe("a message about a disabled webhook", () => {
	const disabled = buildWebhookDisabled({ url: "https://k:secret@erp.example/hooks?token=secret" });

	it("is for all admins, and about no order", async () => {
		const messages = await planned(disabled);
		expect(messages.map(({ channel }) => channel)).toEqual(["email", "sns_topic"]);
		for (const message of messages)
			expect(message).toMatchObject({ kind: "webhook_disabled", user_id: null, order_id: null });
	});

	it("keeps nothing of the URL that may be secret", async () => {
		const [message] = await planned(disabled);
		const url = "https://erp.example/hooks";
		expect(message!.fact.data).toEqual({ ...disabled.data, url });
		expect(JSON.stringify(message)).not.toContain("secret");
	});
});
