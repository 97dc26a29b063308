import { LowStockEvent, schemaOf, WebhookDisabledEvent } from "../../contracts/events.ts";
import { reader } from "./event-reader.ts";

/** Reads an event for admins from a message of the topic `notifications`. @throws Unreadable for everything else */
export const readStaffEvent = reader(
	{
		schema: LowStockEvent,
		schemas: new Map([["product.low_stock", schemaOf("product.low_stock")]]),
		belongs: ({ data }) => ({ key: data.product_id, subject: data.product_id })
	},
	{
		schema: WebhookDisabledEvent,
		schemas: new Map([["webhook.disabled", schemaOf("webhook.disabled")]]),
		belongs: ({ data }) => ({ key: data.webhook_id, subject: data.webhook_id })
	}
);
