import type { StreamEvidence } from "../evidence/event-stream.ts";
import type { Checker, Violation } from "./checker.ts";

/** The log is read from its start: what was written is there, in each order's own order, and nothing else is. */
export const published: Checker<{ readonly stream: StreamEvidence }> = {
	promise: "P4",
	title: "Every event of every order is on the stream, each order's in their order, and no other",
	examined: ({ stream: { written, topic } }) =>
		`${written.length} events, ${topic.length - new Set(topic.map(({ event_id }) => event_id)).size} of them twice on the stream`,
	violations({ stream: { written, topic } }) {
		const found: Violation[] = [];
		const there = new Set(topic.map(({ event_id }) => event_id));
		for (const { event_id, order_id, type, published: marked } of written) {
			if (!there.has(event_id))
				found.push({
					order_id,
					what: `its ${type} is not on the stream${marked ? ", though marked as published" : ""}`
				});
			else if (!marked) found.push({ order_id, what: `its ${type} is not marked as published` });
		}
		const known = new Set(written.map(({ event_id }) => event_id));
		for (const { event_id, order_id, type } of topic)
			if (!known.has(event_id))
				found.push({ order_id, what: `its ${type} is on the stream and never happened` });
		return [...found, ...disordered(topic)];
	}
};

/** An event that comes again stands where it stood first. */
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
