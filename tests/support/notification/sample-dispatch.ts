import { newId } from "../../../lib/id.ts";
import type { Dispatch } from "../../../services/notification/channel.ts";
import { render } from "../../../services/notification/templates/render.templates.ts";
import { sampleOrderEvent } from "../streams/order-event-data.ts";

export const shop = { name: "Shop & Co", orderUrl: "https://shop.example/orders/{id}" };

/** A message about a confirmed order, as channels get it. */
export function dispatch(changes: Partial<Dispatch> = {}): Dispatch {
	const { id: eventId, type, time, data } = sampleOrderEvent("order.confirmed");
	const recipient = { name: "Zoë", locale: "de" } as const;
	return {
		id: newId(),
		eventId,
		to: "zoe@shop.test",
		rendered: render({ type, data, at: new Date(time) }, recipient, shop),
		fact: { type, time, data },
		...changes
	};
}
