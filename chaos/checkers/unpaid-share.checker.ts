import type { Evidence } from "../evidence/evidence.ts";
import type { Checker } from "./checker.ts";

/** At no time did a customer's unpaid orders hold more than their share (docs/decisions/0028-reservation-share.md). */
export const unpaidShare: Checker<Pick<Evidence, "reservations">> = {
	promise: "P12",
	title: "A customer's unpaid orders never held more of a product than the share",
	examined: ({ reservations: { granted, limited } }) =>
		`${granted} reservations, ${limited} refused because of the share`,
	violations: ({ reservations }) =>
		reservations.beyondShare.map(({ order_id, user_id, product_id, held, most }) => ({
			order_id,
			what: `unpaid orders of ${user_id} held ${held} units of ${product_id}, their share was ${most}`
		}))
};
