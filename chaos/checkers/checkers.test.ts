import type { Evidence } from "../evidence/evidence.ts";
import { accepted } from "./accepted.checker.ts";
import { answers } from "./answers.checker.ts";
import { checkers } from "../run/chaos-run.ts";
import type { Checker } from "./checker.ts";
import { currencies } from "./currencies.checker.ts";
import { effects } from "./effects.checker.ts";
import { messages } from "./messages.checker.ts";
import { webhooks } from "./webhooks.checker.ts";
import { windows } from "./windows.checker.ts";
import { money } from "./money.checker.ts";
import { paymentEvents } from "./payment-events.checker.ts";
import { published } from "./published.checker.ts";
import { records } from "./records.checker.ts";
import { review } from "./review.checker.ts";
import { stock } from "./stock.checker.ts";
import { unpaidShare } from "./unpaid-share.checker.ts";
import { noChargeWhenUnpaid } from "./no-charge-when-unpaid.checker.ts";
import {
	at,
	ids,
	events,
	good,
	line,
	order,
	outcome,
	streamed
} from "../../tests/support/chaos-evidence.ts";

const delivered = good.stream.deliveries;
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
		currencies,
		"an order failed because of its currency",
		{
			orders: [{ ...order("abroad", "payment_failed"), currency: "KWD", reason: "amount_refused" }]
		},
		/failed in KWD: amount_refused/
	],
	[
		currencies,
		"a charge is over a hundredth of the total",
		{ ledger: [line("paid", { amount: 5 }), ...good.ledger.slice(1)] },
		/shows 500 USD, the provider charged 5 USD/
	],
	[
		unpaidShare,
		"a customer holds more than their share",
		{
			reservations: {
				granted: 3,
				limited: 0,
				beyondShare: [{ order_id: "x", user_id: "u", product_id: "cup", held: 3, most: 2 }]
			}
		},
		/of u held 3 units of cup, their share was 2/
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
		streamed({ handled: { analytics: ids.slice(1), notification: ids, webhook: ids } }),
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
	[
		webhooks,
		"an event was not planned for the webhook",
		streamed({ deliveries: delivered.slice(1) }),
		/0 deliveries of its order.created/
	],
	[
		webhooks,
		"an event was never acknowledged",
		{ webhooks: { ...good.webhooks, acknowledged: ids.slice(1) } },
		/order.created was never acknowledged/
	],
	[
		webhooks,
		"a delivery was given up",
		streamed({ deliveries: [{ event_id: "e1", state: "failed" }, ...delivered.slice(1)] }),
		/delivery of e1 is failed/
	],
	[
		webhooks,
		"a request was not signed",
		{ webhooks: { ...good.webhooks, unsigned: ["e1: No matching signature found"] } },
		/not signed/
	],
	[
		webhooks,
		"something else was sent",
		{ webhooks: { ...good.webhooks, acknowledged: [...ids, "e9"] } },
		/e9 was sent/
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
