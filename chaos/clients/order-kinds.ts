/** What a customer does so that an order takes a certain way through the shop. */
export type OrderKind =
	| "bought"
	/** Of goods that do not suffice for all. */
	| "scarce"
	| "sold_out"
	| "declined"
	/** Paid by a card that takes 3 s. */
	| "slow"
	/** The same request many times, at once and later. */
	| "repeated"
	/** Its customer never answers what their bank asks. */
	| "challenged"
	/** Called off after it was confirmed, so that it is paid back. */
	| "cancelled_after_confirm"
	/** Called off while the payment is under way. */
	| "cancelled_while_paying"
	/** The provider takes the money and its answer is lost. */
	| "charge_reply_lost"
	/** Paid back, and the provider's answer to that is lost. */
	| "refund_reply_lost"
	/** Delivered, sent back and approved. */
	| "returned"
	/** Staff pay parts of it back at one time, which together would be more than was paid. */
	| "refunded";

export interface OrderScript {
	payment_method: string;
	goods: "plenty" | "scarce" | "none";
	attempts: number;
	cancel: "once confirmed" | "while paying" | null;
	returnsOrder?: boolean;
	/** Percents of the total, once confirmed. */
	refunds?: readonly number[];
}

const ordinary: OrderScript = {
	payment_method: "pm_card_visa",
	goods: "plenty",
	attempts: 1,
	cancel: null
};

export const orderScripts: Readonly<Record<OrderKind, OrderScript>> = {
	bought: ordinary,
	scarce: { ...ordinary, goods: "scarce" },
	sold_out: { ...ordinary, goods: "none" },
	declined: { ...ordinary, payment_method: "pm_card_chargeDeclined" },
	slow: { ...ordinary, payment_method: "pm_sim_slow" },
	challenged: { ...ordinary, payment_method: "pm_card_threeDSecureRequired" },
	repeated: { ...ordinary, attempts: 10 },
	cancelled_after_confirm: { ...ordinary, cancel: "once confirmed" },
	cancelled_while_paying: { ...ordinary, payment_method: "pm_sim_slow", cancel: "while paying" },
	charge_reply_lost: { ...ordinary, payment_method: "pm_sim_dropConnection" },
	refund_reply_lost: {
		...ordinary,
		payment_method: "pm_sim_dropRefundConnection",
		cancel: "once confirmed"
	},
	returned: { ...ordinary, returnsOrder: true },
	refunded: { ...ordinary, refunds: [30, 60, 60] }
};
