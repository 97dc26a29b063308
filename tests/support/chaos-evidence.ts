import type { Entry } from "../../chaos/evidence/client-history.ts";
import type { EventFact } from "../../chaos/evidence/event-stream.ts";
import type { Evidence, OrderFact } from "../../chaos/evidence/evidence.ts";
import type { ProviderLine } from "../../chaos/cluster/provider-process.ts";

/** The evidence of a small run without violations, for tests of the checkers. */

export const at = new Date(0);

export function order(id: string, status: string): OrderFact {
	const items = [{ product_id: "cup", quantity: 2 }];
	const returned = status === "returned" ? { refunded: 500, items } : { refunded: 0, items: [] };
	const refunded = { partly: 200, refunded: 500, back: 500 }[id] ?? 0;
	const refunded_by_others = id === "partly" ? 200 : 0;
	const refunded_in_events = refunded;
	const disputes_in_events = { opened: id === "back" ? 1 : 0, closed: id === "back" ? 1 : 0 };
	const facts = {
		total: 500,
		currency: "USD",
		refunded,
		refunded_by_others,
		refunded_in_events,
		disputes_in_events,
		items,
		returned,
		created_at: at,
		updated_at: at
	};
	return { id, user_id: "u", status, reason: null, ...facts };
}

export function line(order_id: string, over: Partial<ProviderLine> = {}): ProviderLine {
	const when = at.toISOString();
	const paid = { kind: "charge", amount: 500, currency: "USD", succeeded: true } as const;
	return { ...paid, order_id, ref: `ch_${order_id}`, at: when, ...over };
}

export function outcome(order_id: string, over: Partial<Entry> = {}): Entry {
	const place = { phase: "ok", op: "place", n: 1, user: "u", sha: "s", shown: "pending" } as const;
	return { at: 0, key: `k-${order_id}`, order_id, ...place, ...over };
}

export const events: readonly EventFact[] = [
	{ event_id: "e1", order_id: "paid", version: 1, type: "order.created" },
	{ event_id: "e2", order_id: "paid", version: 3, type: "order.confirmed" },
	{ event_id: "e3", order_id: "declined", version: 3, type: "order.payment_failed" }
];
export const ids = events.map(({ event_id }) => event_id);

/** A run without violations: one order paid, one declined, one refunded, one refunded in part, one returned. */
export const good: Evidence = {
	outcomes: [
		...["paid", "declined", "refunded"].map(id => outcome(id)),
		outcome("paid", { replayed: true }),
		outcome("declined", { op: "get", key: undefined, order_status: "payment_failed" }),
		outcome("partly", { op: "refund", sha: "a", refunded: 200 }),
		outcome("partly", { op: "refund", sha: "a", refunded: 200, replayed: true })
	],
	orders: [
		order("paid", "confirmed"),
		order("declined", "payment_failed"),
		order("refunded", "refunded"),
		order("partly", "delivered"),
		order("back", "returned")
	],
	open: [],
	ledger: [
		line("paid"),
		line("declined", { succeeded: false }),
		line("refunded"),
		line("refunded", { kind: "refund", ref: "re" }),
		line("partly"),
		line("partly", { kind: "refund", ref: "re_part", amount: 200 }),
		line("back"),
		line("back", { kind: "refund", ref: "re1", succeeded: false }),
		line("back", { kind: "refund", ref: "re2" })
	],
	disputes: [{ order_id: "back", status: "won" }],
	messages: { happened: 4, answered: 5, taken: 4 },
	brokenStock: [],
	reserved: [],
	sold: [{ product_id: "cup", units: 4 }],
	expiredReservations: [],
	reservations: { granted: 5, limited: 1, beyondShare: [] },
	contradictions: [],
	samples: 10,
	// The receiver acknowledged the first event, and the shop was killed before it took note.
	webhooks: { acknowledged: [ids[0]!, ...ids], failed: 2, unsigned: [] },
	stream: {
		written: events.map(event => ({ ...event, published: true })),
		// The relay died before it marked the first event, so the event was published again.
		topic: [events[0]!, events[1]!, events[0]!, events[2]!],
		handled: { analytics: ids, notification: ids, webhook: ids },
		notifications: ids.slice(1).map(event_id => ({ event_id, channel: "email", state: "sent" })),
		deliveries: ids.map(event_id => ({ event_id, state: "delivered" })),
		deadLetters: [],
		windows: [],
		minutes: 1
	}
};

export const streamed = (over: Partial<Evidence["stream"]>) => ({
	stream: { ...good.stream, ...over }
});
