import {
	isInternal,
	orderStatuses,
	paidStatuses,
	undecidedStatuses,
	type OrderStatus
} from "../../contracts/order-status.ts";
import { is } from "../../lib/errors.ts";
import {
	cancelDecisions,
	decideCancel,
	canTransition,
	paymentTransition,
	transition,
	transitions
} from "./order.machine.ts";

const pairs = orderStatuses.flatMap(from => orderStatuses.map(to => [from, to] as const));

function refusal(act: () => unknown): unknown {
	try {
		act();
	} catch (error) {
		return error;
	}
	throw new Error("nothing was refused");
}

describe("the order machine", () => {
	it.each(pairs)("from %s to %s: follows the table, and is refused otherwise", (from, to) => {
		const allowed = (transitions[from] as readonly OrderStatus[]).includes(to);
		expect(canTransition(from, to)).toBe(allowed);
		if (allowed) expect(transition(from, to)).toMatchObject({ from, to });
		else
			expect(
				is(
					refusal(() => transition(from, to)),
					"ILLEGAL_TRANSITION"
				)
			).toBe(true);
	});

	it("reaches every status from pending", () => {
		const reached = new Set<OrderStatus>(["pending"]);
		for (const from of reached) for (const to of transitions[from]) reached.add(to);
		expect([...reached].sort()).toEqual([...orderStatuses].sort());
	});

	it("never leads back to pending, so an order is placed once", () => {
		expect(Object.values(transitions).flat()).not.toContain("pending");
	});

	it("distinguishes out of stock from a cancellation", () => {
		expect(transition("pending", "cancelled", "out_of_stock").type).toBe("order.rejected");
		expect(transition("pending", "cancelled", "reservation_limit").type).toBe("order.rejected");
		expect(transition("pending", "cancelled", "requested").type).toBe("order.cancelled");
	});

	it("publishes a cancelled paid order as cancelled first and refunded later", () => {
		expect(transition("confirmed", "refund_pending", "requested").type).toBe("order.cancelled");
		expect(transition("refund_pending", "refunded").type).toBe("order.refunded");
	});

	it("names every other event after its status", () => {
		const others = pairs.filter(
			([from, to]) => canTransition(from, to) && !isInternal(to) && to !== "refund_pending"
		);
		for (const [from, to] of others) expect(transition(from, to).type).toBe(`order.${to}`);
	});

	it.each(orderStatuses)(
		"an order that is %s keeps its status when its payment changes",
		status => {
			for (const what of ["refund_issued", "dispute_opened", "dispute_closed"] as const)
				expect(paymentTransition(status, what)).toEqual({
					from: status,
					to: status,
					reason: null,
					type: `order.${what}`,
					published: true
				});
			const { to, type } = paymentTransition(status, "refund_failed");
			// Only a refunded order owes the money again: for others the refund is one of several, or still wanted.
			expect([to, type]).toEqual([
				status === "refunded" ? "refund_pending" : status,
				"order.refund_failed"
			]);
		}
	);

	it("does not publish the steps of a payment", () => {
		expect(transition("pending", "payment_pending").published).toBe(false);
		expect(transition("payment_pending", "confirmed").published).toBe(true);
	});
});

describe("cancelling", () => {
	/** The statuses of a cancellation: those that it leads to, and all that follow. */
	const cancelled = new Set<OrderStatus>(["cancelled", "refund_pending"]);
	for (const from of cancelled) for (const to of transitions[from]) cancelled.add(to);

	/** What follows from the order's money and from the machine. */
	function expected(status: OrderStatus): string {
		if (undecidedStatuses.has(status)) return "ask_saga";
		if (cancelled.has(status)) return "already";
		const isRefundable = paidStatuses.has(status) && canTransition(status, "refund_pending");
		return isRefundable ? "refund" : "refuse";
	}

	it.each(Object.entries(cancelDecisions))("%s: %s", (name, decision) => {
		const status = name as OrderStatus;
		expect(decision).toBe(expected(status));
		if (decision !== "refuse") expect(decideCancel(status)).toBe(decision);
		else
			expect(
				is(
					refusal(() => decideCancel(status)),
					"ILLEGAL_TRANSITION"
				)
			).toBe(true);
	});

	it("is asked of the saga, is a refund, was done before, or is too late", () => {
		expect(decideCancel("payment_review")).toBe("ask_saga");
		expect(decideCancel("confirmed")).toBe("refund");
		expect(decideCancel("refunded")).toBe("already");
		expect(cancelDecisions.shipped).toBe("refuse");
		expect(cancelDecisions.payment_failed).toBe("refuse");
	});
});
