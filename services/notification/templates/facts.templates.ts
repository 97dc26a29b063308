import type {
	LowStockEvent,
	OrderStreamEvent,
	WebhookDisabledEvent
} from "../../../contracts/events.ts";

/** What messages are about: an event without its envelope. The recipient and their name are not part of it. */

export type OrderFact = Pick<OrderStreamEvent, "type" | "data"> & { at: Date };

/** A product with low stock. */
export interface StockFact {
	type: LowStockEvent["type"];
	at: Date;
	data: Pick<LowStockEvent["data"], "product_id" | "name" | "available">;
}

/** A webhook that the shop has disabled. */
export type WebhookFact = Pick<WebhookDisabledEvent, "type" | "data"> & {
	at: Date;
	failingSince: Date | null;
};

/** Facts for all admins. */
export type StaffFact = StockFact | WebhookFact;

export type Fact = OrderFact | StaffFact;

export const isAboutOrder = (fact: Fact): fact is OrderFact => "order_id" in fact.data;

/** A row of a message's details. */
export interface Detail {
	label: string;
	value: string;
	url?: string;
}
