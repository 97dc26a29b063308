import type { StreamEvidence } from "../evidence/event-stream.ts";
import type { OrderEventType } from "../../contracts/events.ts";
import { kindOf } from "../../services/notification/notification.decisions.ts";
import { consumerGroups } from "../../contracts/streams.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

/** Each event has one effect in each consumer; a customer gets each message once. */
export const effects: Checker<{ readonly stream: StreamEvidence }> = {
	promise: "P4",
	title: "Every consumer applied every event exactly once, and nothing was dead-lettered",
	examined: ({ stream: { handled, notifications } }) =>
		`${handled.analytics.length} events counted, ${handled.notification.length} notified in ${notifications.length} messages`,
	violations({ stream: { written, handled, notifications, deadLetters } }) {
		const found: Violation[] = deadLetters.map(({ consumer, what }) => ({
			what: `${consumer} dead-lettered ${what}`
		}));
		for (const consumer of consumerGroups) {
			const ids = new Set(handled[consumer]);
			for (const { event_id, order_id, type } of written)
				if (!ids.has(event_id))
					found.push({ order_id, what: `${consumer} has not handled its ${type}` });
			if (ids.size > written.length)
				found.push({ what: `${consumer} handled events that are not in the database` });
		}
		const messages = grouped(notifications, ({ event_id }) => event_id);
		for (const { event_id, order_id, type } of written) {
			const wanted = kindOf(type as OrderEventType) ? 1 : 0;
			const own = messages.get(event_id) ?? [];
			if (own.length !== wanted)
				found.push({ order_id, what: `${own.length} messages about its ${type}, not ${wanted}` });
			for (const { state } of own)
				if (state !== "sent")
					found.push({ order_id, what: `the message about its ${type} is ${state}` });
		}
		return found;
	}
};
