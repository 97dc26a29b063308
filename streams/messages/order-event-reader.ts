import { OrderStreamEvent, schemaOf } from "../../contracts/events.ts";
import { orderEventTypes } from "../../contracts/order-status.ts";
import { reader } from "./event-reader.ts";

/** Reads an order event from a message. @throws Unreadable for everything else */
export const readOrderEvent = reader({
	schema: OrderStreamEvent,
	schemas: new Map(orderEventTypes.map(type => [type, schemaOf(type)])),
	belongs: ({ data }) => ({ key: data.user_id, subject: data.order_id })
});
