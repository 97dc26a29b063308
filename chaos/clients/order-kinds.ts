/** What a customer does to lead an order through a certain part of the saga. */
export type OrderKind =
	| "bought"
	/** For products of which there are fewer than wanted. */
	| "scarce"
	| "sold_out"
	| "declined"
	/** Paid by a card that takes 3 s. */
	| "slow"
	/** The same request many times, at once and later. */
	| "repeated"
	/** Its customer never completes 3-D Secure. */
	| "challenged"
	/** Cancelled after confirmation, so that it is refunded. */
	| "cancelled_after_confirm"
	/** Cancelled while the payment is in progress. */
	| "cancelled_while_paying"
	/** The provider charges and its response is lost. */
	| "charge_reply_lost"
	/** Refunded, and the provider's response to that is lost. */
	| "refund_reply_lost"
	/** Delivered, returned and approved. */
	| "returned"
	/** Concurrent partial refunds by staff that together exceed the payment. */
	| "refunded"
	/** Cancelled; its refund stays pending at the provider for a while. */
	| "refund_pending"
	/** Cancelled and refunded; the bank sends the refund back, and it is refunded again. */
	| "refund_came_back"
	/** Refunded in part at the provider's dashboard, then cancelled. */
	| "refunded_elsewhere"
	/** Its customer's bank disputes the payment; the shop wins. */
	| "disputed"
	/** Paid in a currency that the provider counts in another unit; a part is refunded. */
	| "abroad"
	/** Its customer uses one key for several requests, at once and later. */
	| "one_key"
	/** Its customer also places many unpaid orders of one product at once. */
	| "hoarding";

export interface OrderScript {
	payment_method: string;
	goods: "plenty" | "scarce" | "none" | "abroad";
	attempts: number;
	cancel: "once confirmed" | "while paying" | null;
	returnsOrder?: boolean;
	reusesKeys?: boolean;
	hoards?: boolean;
	/** Refunds in percent of the total, once confirmed. */
	refunds?: readonly number[];
	/** Refunded at the provider's dashboard in percent of the total, once confirmed. */
	refundedElsewhere?: number;
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
	refunded: { ...ordinary, refunds: [30, 60, 60] },
	refund_pending: {
		...ordinary,
		payment_method: "pm_card_pendingRefund",
		cancel: "once confirmed"
	},
	refund_came_back: { ...ordinary, payment_method: "pm_card_refundFail", cancel: "once confirmed" },
	refunded_elsewhere: { ...ordinary, refundedElsewhere: 30, cancel: "once confirmed" },
	disputed: { ...ordinary, payment_method: "pm_sim_disputeWon" },
	abroad: { ...ordinary, goods: "abroad", refunds: [50] },
	one_key: { ...ordinary, reusesKeys: true },
	hoarding: { ...ordinary, hoards: true }
};
