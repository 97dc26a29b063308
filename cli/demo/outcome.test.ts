import type { Window } from "../../contracts/analytics.ts";
import type { Order } from "../../contracts/order.ts";
import { discrepancies, summaryLines, tallied, type Outcome, type SentMessage } from "./outcome.ts";

const order = (id: string, status: Order["status"], reason: string | null = null) =>
	({ id, status, reason }) as Order;
const message = (order_id: string, kind: string, state = "sent"): SentMessage => ({
	order_id,
	kind,
	state,
	occurred_at: "2026-03-01T10:00:10.000Z"
});
const window: Window = {
	window_start: "2026-03-01T10:00:00.000Z",
	window_end: "2026-03-01T10:01:00.000Z",
	currency: "USD",
	orders: 2,
	revenue: 12_345,
	unique_users: 2,
	average_order_value: 6172,
	revision: 1,
	final: false
};

const good: Outcome = {
	orders: [
		order("a", "confirmed"),
		order("b", "delivered"),
		order("c", "cancelled", "out_of_stock")
	],
	messages: [
		message("a", "order_confirmation"),
		message("b", "order_confirmation"),
		message("b", "delivery"),
		message("c", "cancellation")
	],
	windows: [window],
	emittedAfterMs: 6400
};

describe("the results of the demo", () => {
	it("are counted, the most frequent first", () => {
		expect(tallied(["one", "two_words", "two_words"])).toBe("two words 2, one 1");
	});

	it("are printed in a few lines", () => {
		expect(summaryLines(good, "http://shop")).toEqual([
			"orders    3: confirmed 1, delivered 1, cancelled (out of stock) 1",
			"messages  4: order confirmation 2, delivery 1, cancellation 1",
			"          sent 4; see http://shop/dev/mailbox",
			"windows   of one minute (UTC), as http://shop/api/v1/analytics/windows has them",
			"  2026-03-01 10:00  2 orders of 2 customers, 123.45 USD, on average 61.72 USD",
			"          the last window was emitted 6.4 s after its end"
		]);
	});

	it("are consistent when every customer was notified and every sale is in a window", () => {
		expect(discrepancies(good)).toEqual([]);
		expect(discrepancies({ ...good, windows: [{ ...window, orders: 5 }] })).toEqual([]);
		const back = { orders: [...good.orders, order("d", "refunded")] };
		const messages = [...good.messages, message("d", "refund")];
		expect(discrepancies({ ...good, ...back, messages })).toEqual([]);
	});

	it.each<[string, Partial<Outcome>, string]>([
		["an order without a message", { messages: good.messages.slice(0, 3) }, "1 orders, e.g. c"],
		[
			"a message that waits",
			{ messages: [...good.messages, message("a", "refund", "pending")] },
			"1 messages"
		],
		["a sale in no window", { windows: [] }, "2 orders were sold, and the windows count 0"],
		["a window that was not emitted", { emittedAfterMs: undefined }, "not emitted in time"]
	])("names %s", (_, change, words) => {
		expect(discrepancies({ ...good, ...change }).join()).toContain(words);
	});
});
