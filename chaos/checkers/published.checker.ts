import type { StreamEvidence } from "../evidence/event-stream.ts";
import type { Checker, Violation } from "./checker.ts";

/** The log, read from its start, holds every written event, in the order of each order, and no other event. */
export const published: Checker<{ readonly stream: StreamEvidence }> = {
	promise: "P4",
	title: "Every order event is in the log, in the order of its order, and no other event",
	examined: ({ stream: { written, topic } }) =>
		`${written.length} events, ${topic.length - new Set(topic.map(({ event_id }) => event_id)).size} of them twice in the log`,
	violations({ stream: { written, topic } }) {
		const found: Violation[] = [];
		const there = new Set(topic.map(({ event_id }) => event_id));
		for (const { event_id, order_id, type, published: marked } of written) {
			if (!there.has(event_id))
				found.push({
					order_id,
					what: `its ${type} is not in the log${marked ? ", though marked as published" : ""}`
				});
			else if (!marked) found.push({ order_id, what: `its ${type} is not marked as published` });
		}
		const known = new Set(written.map(({ event_id }) => event_id));
		for (const { event_id, order_id, type } of topic)
			if (!known.has(event_id))
				found.push({ order_id, what: `its ${type} is in the log and not in the database` });
		return [...found, ...disordered(topic)];
	}
};

/** An event that is published again keeps its first position. */
function disordered(
	topic: readonly { event_id: string; order_id: string; version: number }[]
): Violation[] {
	const seen = new Set<string>();
	const last = new Map<string, number>();
	const found: Violation[] = [];
	for (const { event_id, order_id, version } of topic) {
		if (seen.has(event_id)) continue;
		seen.add(event_id);
		const before = last.get(order_id) ?? 0;
		if (version <= before)
			found.push({ order_id, what: `its version ${version} comes behind ${before}` });
		last.set(order_id, version);
	}
	return found;
}
