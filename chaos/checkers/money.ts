import type { ProviderLine } from "../provider.ts";
import { grouped, paidStates, type Checker, type Violation } from "./checker.ts";

const sum = (lines: readonly ProviderLine[]) =>
	lines.reduce((total, { kind, amount }) => total + (kind === "charge" ? amount : -amount), 0);

export const money: Checker = {
	promise: "P3",
	title: "The provider charged every paid order once and rightly, and kept nothing of any other",
	looked: ({ ledger }) => {
		const [charges, refunds] = (["charge", "refund"] as const).map(
			wanted => ledger.filter(({ kind, succeeded }) => kind === wanted && succeeded).length
		);
		return `${charges} charges and ${refunds} refunds in the provider's ledger`;
	},
	violations: ({ ledger, orders }) => {
		const succeeded = grouped(
			ledger.filter(line => line.succeeded),
			({ order_id }) => order_id
		);
		const wrong: Violation[] = [];
		for (const { id: order_id, status, total, came_back } of orders) {
			const lines = succeeded.get(order_id) ?? [];
			const charges = lines.filter(({ kind }) => kind === "charge");
			if (charges.length > 1) wrong.push({ what: `was charged ${charges.length} times`, order_id });
			const due = paidStates.has(status) ? total - came_back.paid : 0;
			if (sum(lines) !== due)
				wrong.push({
					what: `is ${status}, and the provider holds ${sum(lines)} of ${due}`,
					order_id
				});
			succeeded.delete(order_id);
		}
		for (const [order_id, lines] of succeeded)
			wrong.push({ what: `was charged ${sum(lines)}, and the shop does not know it`, order_id });
		return wrong;
	}
};
