import type { ReceivedWebhooks, StreamEvidence } from "../evidence/event-stream.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

interface WebhookEvidence {
	readonly stream: Pick<StreamEvidence, "written" | "deliveries">;
	readonly webhooks: ReceivedWebhooks;
}

/** Another system gets every event at least once, signed, and nothing else. */
export const webhooks: Checker<WebhookEvidence> = {
	promise: "P20",
	title: "Every event was delivered to the webhook, signed, and nothing else was",
	examined: ({ stream: { deliveries }, webhooks: { acknowledged, failed } }) =>
		`${deliveries.length} deliveries, ${acknowledged.length} times acknowledged, ${failed} failed requests`,
	violations({ stream: { written, deliveries }, webhooks: { acknowledged, unsigned } }) {
		const found: Violation[] = unsigned.map(what => ({
			what: `a request was not signed: ${what}`
		}));
		const received = new Set(acknowledged);
		const byEvent = grouped(deliveries, ({ event_id }) => event_id);
		for (const { event_id, order_id, type } of written) {
			const own = byEvent.get(event_id) ?? [];
			if (own.length !== 1)
				found.push({ order_id, what: `${own.length} deliveries of its ${type}, not 1` });
			if (!received.has(event_id))
				found.push({ order_id, what: `its ${type} was never acknowledged` });
		}
		for (const { event_id, state } of deliveries) {
			if (state !== "delivered") found.push({ what: `the delivery of ${event_id} is ${state}` });
			else if (!received.has(event_id))
				found.push({ what: `${event_id} counts as delivered and was never acknowledged` });
		}
		const known = new Set(deliveries.map(({ event_id }) => event_id));
		for (const id of received)
			if (!known.has(id)) found.push({ what: `${id} was sent, and there is no such delivery` });
		return found;
	}
};
