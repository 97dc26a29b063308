import type { Evidence, OrderFact } from "../evidence/evidence.ts";
import type { Entry } from "../evidence/client-history.ts";
import type { ProviderLine } from "../cluster/provider-process.ts";
import { accepted } from "./accepted.checker.ts";
import { answers } from "./answers.checker.ts";
import type { EventFact } from "../evidence/event-stream.ts";
import { checkers } from "../run/chaos-run.ts";
import type { Checker } from "./checker.ts";
import { effects } from "./effects.checker.ts";
import { messages } from "./messages.checker.ts";
import { windows } from "./windows.checker.ts";
import { money } from "./money.checker.ts";
import { paymentEvents } from "./payment-events.checker.ts";
import { published } from "./published.checker.ts";
import { records } from "./records.checker.ts";
import { review } from "./review.checker.ts";
import { stock } from "./stock.checker.ts";
import { noChargeWhenUnpaid } from "./no-charge-when-unpaid.checker.ts";

const at = new Date(0);

function order(id: string, status: string): OrderFact {
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

function line(order_id: string, over: Partial<ProviderLine> = {}): ProviderLine {
	const when = at.toISOString();
	const paid = { kind: "charge", amount: 500, currency: "USD", succeeded: true } as const;
	return { ...paid, order_id, ref: `ch_${order_id}`, at: when, ...over };
}

function outcome(order_id: string, over: Partial<Entry> = {}): Entry {
	const place = { phase: "ok", op: "place", n: 1, user: "u", sha: "s", shown: "pending" } as const;
	return { at: 0, key: `k-${order_id}`, order_id, ...place, ...over };
}

const events: readonly EventFact[] = [
	{ event_id: "e1", order_id: "paid", version: 1, type: "order.created" },
	{ event_id: "e2", order_id: "paid", version: 3, type: "order.confirmed" },
	{ event_id: "e3", order_id: "declined", version: 3, type: "order.payment_failed" }
];
const ids = events.map(({ event_id }) => event_id);

/** A run without violations: one order paid, one declined, one refunded, one refunded in part, one returned. */
const good: Evidence = {
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
	contradictions: [],
	samples: 10,
	stream: {
		written: events.map(event => ({ ...event, published: true })),
		// The relay died before it marked the first event, so the event was published again.
		topic: [events[0]!, events[1]!, events[0]!, events[2]!],
		handled: { analytics: ids, notification: ids },
		notifications: ids.slice(1).map(event_id => ({ event_id, channel: "email", state: "sent" })),
		deadLetters: [],
		windows: [],
		minutes: 1
	}
};

const streamed = (over: Partial<Evidence["stream"]>) => ({ stream: { ...good.stream, ...over } });

const counters = { on_hand: 1, reserved: 2, ledger_on_hand: 1, ledger_reserved: 2, held: 2 };

const plants: [checker: Checker, fault: string, planted: Partial<Evidence>, says: RegExp][] = [
	[accepted, "an accepted order is missing", { orders: good.orders.slice(1) }, /is missing/],
	[
		accepted,
		"an order does not settle",
		{ orders: [order("paid", "payment_pending"), ...good.orders.slice(1)] },
		/still payment_pending/
	],
	[
		accepted,
		"a saga never ends",
		{ open: [{ order_id: "paid", step: "forward", attempt: 9, last_error: "no" }] },
		/still has a saga/
	],
	[
		review,
		"an order is left in review",
		{ orders: [order("x", "payment_review")] },
		/payment_review/
	],
	[
		stock,
		"more is reserved than is on hand",
		{ brokenStock: [{ at, product_id: "cup", ...counters }] },
		/"reserved":2/
	],
	[
		stock,
		"units stay reserved",
		{ reserved: [{ product_id: "cup", reserved: 1 }] },
		/though no order/
	],
	[
		stock,
		"a reservation expires while its order is in progress",
		{ expiredReservations: [{ order_id: "paid", product_id: "cup" }] },
		/its reservation of cup expired/
	],
	[
		stock,
		"a return is not restocked",
		{ sold: [{ product_id: "cup", units: 6 }] },
		/6 units .* 4 that/
	],
	[
		money,
		"a return is not refunded",
		{ ledger: good.ledger.slice(0, -1) },
		/is returned.* holds 500 of 0/
	],
	[stock, "units are sold twice", { sold: [{ product_id: "cup", units: 6 }] }, /6 units/],
	[stock, "paid units are never taken from stock", { sold: [] }, /0 units .* 4 that/],
	[
		money,
		"an order is charged twice",
		{ ledger: [...good.ledger, line("paid", { ref: "ch_2" })] },
		/charged 2 times/
	],
	[
		money,
		"an order is charged in another currency",
		{ ledger: [line("paid", { currency: "JPY" }), ...good.ledger.slice(1)] },
		/is over USD, the provider's charge over JPY/
	],
	[
		paymentEvents,
		"a refund is in no event",
		{ orders: good.orders.map(one => ({ ...one, refunded_in_events: 0 })) },
		/was refunded 500, its events say 0/
	],
	[
		paymentEvents,
		"a refund came back, and no event says so",
		{
			ledger: good.ledger.map(one => (one.ref === "re2" ? { ...one, succeeded: false } : one))
		},
		/was refunded 0, its events say 500/
	],
	[
		paymentEvents,
		"a dispute is in no event",
		{ disputes: [...good.disputes, { order_id: "paid", status: "open" }] },
		/has 1 disputes, 0 decided; its events tell of 0 and 0/
	],
	[
		paymentEvents,
		"a dispute was decided, and no event says so",
		{
			disputes: [
				{ order_id: "back", status: "won" },
				{ order_id: "back", status: "lost" }
			]
		},
		/2 decided; its events tell of 1 and 1/
	],
	[money, "a paid order was never charged", { ledger: good.ledger.slice(1) }, /holds 0 of 500/],
	[
		money,
		"another amount is charged",
		{ ledger: [line("paid", { amount: 499 }), ...good.ledger.slice(1)] },
		/holds 499 of 500/
	],
	[
		money,
		"a refund is missing",
		{ ledger: good.ledger.filter(({ ref }) => ref !== "re") },
		/is refunded.* holds 500 of 0/
	],
	[
		money,
		"a refund is made twice",
		{ ledger: [...good.ledger, good.ledger[3]!] },
		/charged 500 and refunded 1000/
	],
	[
		money,
		"an order is refunded and not cancelled",
		{ orders: [order("refunded", "confirmed")] },
		/is confirmed.* holds 0 of 500/
	],
	[
		money,
		"a part is refunded twice",
		{ ledger: [...good.ledger, good.ledger[5]!] },
		/shop refunded 200, the provider 400/
	],
	[
		money,
		"a confirmed refund was not made",
		{ outcomes: [outcome("partly", { op: "refund", refunded: 300 })] },
		/confirmed refunds of 300, the provider refunded 200/
	],
	[
		money,
		"a charge has no order",
		{ ledger: [...good.ledger, line("nobody")] },
		/has no such order/
	],
	[
		messages,
		"a webhook is lost",
		{ messages: { happened: 4, answered: 4, taken: 3 } },
		/4 webhooks were sent and 3 stored/
	],
	[
		records,
		"a step has no history",
		{ contradictions: ["order paid version 2: is missing"] },
		/is missing/
	],
	[
		answers,
		"one key gets two responses",
		{ outcomes: [...good.outcomes, outcome("paid", { sha: "other" })] },
		/2 different answers among 3/
	],
	[
		answers,
		"a repeated refund gets another response",
		{ outcomes: [...good.outcomes, outcome("partly", { op: "refund", sha: "b" })] },
		/^refund .*: 2 different answers among 3/
	],
	[
		answers,
		"two requests under one key succeed",
		{ outcomes: [...good.outcomes, outcome("paid", { request: "another" })] },
		/^place u k-paid: 2 requests succeeded/
	],
	[
		answers,
		"two responses under one key are not marked as repeated",
		{ outcomes: [...good.outcomes, outcome("paid", { replayed: false })] },
		/several responses are not marked as repeated/
	],
	[
		answers,
		"a cancellation is refused because of its key, and has its effect",
		{
			outcomes: [
				...good.outcomes,
				outcome("refunded", {
					op: "cancel",
					key: "either",
					phase: "fail",
					code: "idempotency-key-reused"
				})
			],
			orders: [{ ...order("refunded", "refunded"), reason: "requested" }]
		},
		/was cancelled by a request that was refused/
	],
	[
		answers,
		"the same request is refused as another one",
		{
			outcomes: [
				...good.outcomes,
				outcome("paid", { phase: "fail", code: "idempotency-key-reused" })
			]
		},
		/refused as another request, and answered/
	],
	[
		noChargeWhenUnpaid,
		"an order that was shown as failed is charged",
		{ ledger: [...good.ledger, line("declined")] },
		/shown as payment_failed and charged 500/
	],
	[
		published,
		"an event is marked as published and not in the log",
		streamed({ topic: events.slice(0, 2) }),
		/payment_failed is not in the log, though marked/
	],
	[
		published,
		"an event is never marked",
		streamed({ written: events.map(event => ({ ...event, published: false })) }),
		/not marked as published/
	],
	[
		published,
		"an order's events are out of order",
		streamed({ topic: [events[1]!, events[0]!, events[2]!] }),
		/version 1 comes behind 3/
	],
	[
		published,
		"the log has an event that the database does not",
		streamed({ topic: [...events, { ...events[1]!, event_id: "e9" }] }),
		/in the log and not in the database/
	],
	[
		effects,
		"a consumer missed an event",
		streamed({ handled: { analytics: ids.slice(1), notification: ids } }),
		/analytics has not handled its order.created/
	],
	[
		effects,
		"a customer gets no message",
		streamed({ notifications: [] }),
		/0 messages about its order.confirmed/
	],
	[
		effects,
		"a message is never sent",
		streamed({
			notifications: good.stream.notifications.map(notification => ({
				...notification,
				state: "parked"
			}))
		}),
		/is parked/
	],
	[
		effects,
		"a good event was dead-lettered",
		streamed({ deadLetters: [{ consumer: "analytics", what: "handling-failed: no" }] }),
		/analytics dead-lettered handling-failed/
	],
	[windows, "a window is wrong", streamed({ windows: ["window 10:00: 1 orders, not 2"] }), /not 2/]
];

describe("the checkers", () => {
	it.each([...checkers])("$promise: $title: finds nothing in a correct run", checker => {
		expect(checker.violations(good)).toEqual([]);
		expect(checker.examined(good)).toMatch(/\d/);
	});

	it.each(plants.map(plant => [plant[0].promise, ...plant] as const))(
		"%s finds: %3$s",
		(_, checker, __, planted, says) => {
			const found = checker.violations({ ...good, ...planted });
			expect(found.map(({ what }) => what).join("\n")).toMatch(says);
		}
	);
});
