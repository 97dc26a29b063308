import { OrderStreamEvent, schemaOf } from "../../contracts/events.ts";
import { orderEventTypes } from "../../contracts/order-status.ts";
import { reader, type EventKind } from "./event-reader.ts";

/** Events of orders. */
export const orderEventKind: EventKind<typeof OrderStreamEvent> = {
	schema: OrderStreamEvent,
	schemas: new Map(orderEventTypes.map(type => [type, schemaOf(type)])),
	belongs: ({ data }) => ({ key: data.user_id, subject: data.order_id })
};

/** Reads an order event from a message. @throws Unreadable for everything else */
export const readOrderEvent = reader(orderEventKind);
