import { unpaidStatuses } from "../../contracts/order-status.ts";
import type { Evidence } from "../evidence/evidence.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

type Observed = Pick<Evidence, "orders" | "ledger" | "disputes">;

/** What happened to the payment of an order at the provider, whoever did it, is in the events of the order. */
export const paymentEvents: Checker<Observed> = {
	promise: "P18",
	title:
		"The events of each order say what was refunded at the provider, what came back, and each dispute",
	examined: ({ ledger, disputes }) => {
		const refunds = ledger.filter(({ kind }) => kind === "refund");
		const cameBack = refunds.filter(({ succeeded }) => !succeeded);
		return `${refunds.length} refunds, ${cameBack.length} that came back, ${disputes.length} disputes`;
	},
	violations: ({ orders, ledger, disputes }) => {
		const refunds = grouped(
			ledger.filter(({ kind, succeeded }) => kind === "refund" && succeeded),
			({ order_id }) => order_id
		);
		const disputesOf = grouped(disputes, ({ order_id }) => order_id);
		const found: Violation[] = [];
		for (const { id: order_id, status, ...order } of orders) {
			const refunded = (refunds.get(order_id) ?? []).reduce((sum, { amount }) => sum + amount, 0);
			// An order that was charged after it had been cancelled is refunded without an event.
			if (refunded !== order.refunded_in_events && !unpaidStatuses.has(status)) {
				const events = order.refunded_in_events;
				found.push({ order_id, what: `was refunded ${refunded}, its events say ${events}` });
			}
			const own = disputesOf.get(order_id) ?? [];
			const { opened, closed } = order.disputes_in_events;
			const decided = own.filter(dispute => dispute.status !== "open").length;
			// One that was decided before the shop looked was never seen open.
			if (closed !== decided || opened > own.length || opened + closed < own.length)
				found.push({
					order_id,
					what: `has ${own.length} disputes, ${decided} decided; its events tell of ${opened} and ${closed}`
				});
		}
		return found;
	}
};
