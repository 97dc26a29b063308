import { LowStockEvent, schemaOf, WebhookDisabledEvent } from "../../contracts/events.ts";
import { reader, type EventKind } from "./event-reader.ts";
import { orderEventKind } from "./order-event-reader.ts";

const lowStock: EventKind<typeof LowStockEvent> = {
	schema: LowStockEvent,
	schemas: new Map([["product.low_stock", schemaOf("product.low_stock")]]),
	belongs: ({ data }) => ({ key: data.product_id, subject: data.product_id })
};

const webhookDisabled: EventKind<typeof WebhookDisabledEvent> = {
	schema: WebhookDisabledEvent,
	schemas: new Map([["webhook.disabled", schemaOf("webhook.disabled")]]),
	belongs: ({ data }) => ({ key: data.webhook_id, subject: data.webhook_id })
};

/** Reads an event for admins from a message of the topic `notifications`. @throws Unreadable for everything else */
export const readStaffEvent = reader(lowStock, webhookDisabled);

/** Reads either kind of event, for a source that does not divide them by topic. @throws Unreadable for everything else */
export const readAnyEvent = reader(orderEventKind, lowStock, webhookDisabled);
