/** Faults of a request, besides the bank's decline. */
export interface InjectedFault {
	/** Nothing is done, and this is the response; `drop`: none. */
	refuse?: "rate_limit" | "unavailable" | "drop";
	/** The request is delayed by so many ms, then done. */
	hangMs?: number;
	/** The card's bank declines. */
	decline?: boolean;
	/** The request is done, and then its response is lost or replaced by a 500. */
	after?: "drop" | "error";
}

/** A test card and how it behaves. */
export interface TestMethod {
	brand: string;
	last4: string;
	/** The bank's decline of every charge, with Stripe's code. */
	failure?: string;
	/** Its bank requires 3-D Secure. */
	challenge?: boolean;
	/** Applies to the first attempt of each charge. */
	charge?: InjectedFault;
	/** Applies to the first attempt of each refund. */
	refund?: InjectedFault;
	/** What happens to the first refund of a charge: its first status, and the one that it gets later. */
	firstRefund?: { status: "pending" | "succeeded"; then: "succeeded" | "failed" };
	/** The customer disputes every charge, for this reason; `then`: how the dispute is decided. */
	dispute?: { reason: string; then?: "won" | "lost" };
}

/** How long (ms) after a charge, a refund or a dispute what a card does later happens. */
export const laterMs = 1000;

const visa = { brand: "visa", last4: "4242" };

/** Stripe's test payment methods by name, and some with connection faults. */
const testMethods: Readonly<Record<string, TestMethod>> = {
	pm_card_visa: visa,
	pm_card_mastercard: { brand: "mastercard", last4: "4444" },
	pm_card_amex: { brand: "amex", last4: "8431" },
	pm_card_chargeDeclined: { ...visa, last4: "0002", failure: "card_declined" },
	pm_card_visa_chargeDeclined: { ...visa, last4: "0002", failure: "card_declined" },
	pm_card_visa_chargeDeclinedInsufficientFunds: {
		...visa,
		last4: "9995",
		failure: "insufficient_funds"
	},
	pm_card_visa_chargeDeclinedLostCard: { ...visa, last4: "9987", failure: "lost_card" },
	pm_card_visa_chargeDeclinedStolenCard: { ...visa, last4: "9979", failure: "stolen_card" },
	pm_card_chargeDeclinedExpiredCard: { ...visa, last4: "0069", failure: "expired_card" },
	pm_card_chargeDeclinedIncorrectCvc: { ...visa, last4: "0127", failure: "incorrect_cvc" },
	pm_card_chargeDeclinedProcessingError: { ...visa, last4: "0119", failure: "processing_error" },
	pm_card_authenticationRequired: { ...visa, last4: "3184", challenge: true },
	pm_card_threeDSecureRequired: { ...visa, last4: "3063", challenge: true },
	pm_card_threeDSecure2Required: { ...visa, last4: "3220", challenge: true },
	pm_card_threeDSecureRequiredChargeDeclined: {
		...visa,
		last4: "8341",
		challenge: true,
		failure: "card_declined"
	},
	pm_card_pendingRefund: {
		...visa,
		last4: "7726",
		firstRefund: { status: "pending", then: "succeeded" }
	},
	pm_card_refundFail: {
		...visa,
		last4: "5126",
		firstRefund: { status: "succeeded", then: "failed" }
	},
	pm_sim_pendingRefundFails: { ...visa, firstRefund: { status: "pending", then: "failed" } },
	pm_card_createDispute: { ...visa, last4: "0259", dispute: { reason: "fraudulent" } },
	pm_sim_disputeWon: { ...visa, dispute: { reason: "fraudulent", then: "won" } },
	pm_sim_slow: { ...visa, charge: { hangMs: 3000 } },
	pm_sim_dropConnection: { ...visa, charge: { after: "drop" } },
	pm_sim_dropRefundConnection: { ...visa, refund: { after: "drop" } },
	pm_sim_slowRefund: { ...visa, refund: { hangMs: 800 } },
	pm_sim_errorAfterCommit: { ...visa, charge: { after: "error" } },
	pm_sim_errorAfterRefund: { ...visa, refund: { after: "error" } },
	pm_sim_rateLimitFirst: { ...visa, charge: { refuse: "rate_limit" } }
};

/** Longest delay: after it, a shop may treat silence as "not made". */
export const longestHangMs = 30_000;

/** The method of a name; `pm_sim_hang9s` is delayed by 9 s. Undefined if there is none. */
export function testMethod(name: string): TestMethod | undefined {
	const seconds = /^pm_sim_hang(\d{1,2})s$/.exec(name)?.[1];
	if (seconds)
		return { ...visa, charge: { hangMs: Math.min(Number(seconds) * 1000, longestHangMs) } };
	return Object.hasOwn(testMethods, name) ? testMethods[name] : undefined;
}
