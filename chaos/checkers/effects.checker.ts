import type { StreamEvidence } from "../evidence/event-stream.ts";
import type { OrderEventType } from "../../contracts/events.ts";
import { kinds } from "../../services/notification/notification.decisions.ts";
import { consumers } from "../evidence/event-stream.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

/** Each event had its effect in each consumer; what a person is told, he is told once. */
export const effects: Checker<{ readonly stream: StreamEvidence }> = {
	promise: "P4",
	title: "Every event had its effect once in every consumer, and nothing was put aside",
	looked: ({ stream: { handled, told } }) =>
		`${handled.analytics.length} events counted, ${handled.notification.length} told of in ${told.length} messages`,
	violations({ stream: { written, handled, told, putAside } }) {
		const found: Violation[] = putAside.map(({ consumer, what }) => ({
			what: `${consumer} put aside ${what}`
		}));
		for (const consumer of consumers) {
			const ids = new Set(handled[consumer]);
			for (const { event_id, order_id, type } of written)
				if (!ids.has(event_id))
					found.push({ order_id, what: `${consumer} has not handled its ${type}` });
			if (ids.size > written.length)
				found.push({ what: `${consumer} handled events that never happened` });
		}
		const messages = grouped(told, ({ event_id }) => event_id);
		for (const { event_id, order_id, type } of written) {
			const wanted = kinds[type as OrderEventType] ? 1 : 0;
			const own = messages.get(event_id) ?? [];
			if (own.length !== wanted)
				found.push({ order_id, what: `${own.length} messages about its ${type}, not ${wanted}` });
			for (const { state } of own)
				if (state !== "sent")
					found.push({ order_id, what: `its ${type} was told of by a message that is ${state}` });
		}
		return found;
	}
};
