/** What a customer does so that an order takes a certain way through the shop. */
export type Kind =
	| "bought"
	/** Of goods that do not suffice for all. */
	| "scarce"
	| "sold_out"
	| "declined"
	/** Paid by a card that takes 3 s. */
	| "slow"
	/** The same request many times, at once and later. */
	| "repeated"
	/** Its customer never answers what his bank asks. */
	| "challenged"
	/** Called off after it was confirmed, so that it is paid back. */
	| "returned"
	/** Called off while the payment is under way. */
	| "called_off"
	/** The provider takes the money and its answer is lost. */
	| "dropped"
	/** Paid back, and the provider's answer to that is lost. */
	| "refund_dropped"
	/** Delivered, sent back and approved. */
	| "sent_back"
	/** Staff pay parts of it back at one time, which together would be more than was paid. */
	| "refunded";

export interface Conduct {
	payment_method: string;
	goods: "plenty" | "scarce" | "none";
	attempts: number;
	cancel: "once confirmed" | "while paying" | null;
	sendsBack?: boolean;
	/** Percents of the total, once confirmed. */
	refunds?: readonly number[];
}

const ordinary: Conduct = {
	payment_method: "pm_card_visa",
	goods: "plenty",
	attempts: 1,
	cancel: null
};

export const conducts: Readonly<Record<Kind, Conduct>> = {
	bought: ordinary,
	scarce: { ...ordinary, goods: "scarce" },
	sold_out: { ...ordinary, goods: "none" },
	declined: { ...ordinary, payment_method: "pm_card_chargeDeclined" },
	slow: { ...ordinary, payment_method: "pm_sim_slow" },
	challenged: { ...ordinary, payment_method: "pm_card_threeDSecureRequired" },
	repeated: { ...ordinary, attempts: 10 },
	returned: { ...ordinary, cancel: "once confirmed" },
	called_off: { ...ordinary, payment_method: "pm_sim_slow", cancel: "while paying" },
	dropped: { ...ordinary, payment_method: "pm_sim_dropConnection" },
	refund_dropped: {
		...ordinary,
		payment_method: "pm_sim_dropRefundConnection",
		cancel: "once confirmed"
	},
	sent_back: { ...ordinary, sendsBack: true },
	refunded: { ...ordinary, refunds: [30, 60, 60] }
};
