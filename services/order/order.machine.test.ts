import { orderStatuses, type OrderStatus } from "../../contracts/order-status.ts";
import { is } from "../../lib/errors.ts";
import { decideCancel, canTransition, transition, transitions } from "./order.machine.ts";

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
		expect(transition("pending", "cancelled", "requested").type).toBe("order.cancelled");
	});

	it("publishes a cancelled paid order as cancelled first and refunded later", () => {
		expect(transition("confirmed", "refund_pending", "requested").type).toBe("order.cancelled");
		expect(transition("refund_pending", "refunded").type).toBe("order.refunded");
	});

	it("does not publish the steps of a payment", () => {
		expect(transition("pending", "payment_pending").published).toBe(false);
		expect(transition("payment_pending", "confirmed").published).toBe(true);
	});
});

describe("cancelling", () => {
	const decisions: Record<OrderStatus, string> = {
		pending: "ask_saga",
		payment_pending: "ask_saga",
		payment_review: "ask_saga",
		confirmed: "refund",
		cancelled: "already",
		refund_pending: "already",
		refunded: "already",
		shipped: "refused",
		delivered: "refused",
		payment_failed: "refused",
		return_requested: "refused",
		returned: "refused",
		return_rejected: "refused"
	};

	it.each(Object.entries(decisions))("%s: %s", (status, decision) => {
		if (decision !== "refused") expect(decideCancel(status as OrderStatus)).toBe(decision);
		else
			expect(
				is(
					refusal(() => decideCancel(status as OrderStatus)),
					"ILLEGAL_TRANSITION"
				)
			).toBe(true);
	});
});
