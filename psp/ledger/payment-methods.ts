/** What goes wrong with a request, besides what the card's bank says. */
export interface InjectedFault {
	/** Nothing is done, and this is the answer; `drop`: none is. */
	refuse?: "rate_limit" | "unavailable" | "drop";
	/** Nothing is done for so long (ms), then all of it. */
	hangMs?: number;
	/** The card's bank says no. */
	decline?: boolean;
	/** All is done, and then the answer is lost, or is a 500 that says nothing. */
	after?: "drop" | "error";
}

/** A card that can be paid with here, and how it behaves. */
export interface TestMethod {
	brand: string;
	last4: string;
	/** What its bank says to every charge, in Stripe's words. */
	failure?: string;
	/** Its bank asks the owner first (3-D Secure). */
	challenge?: boolean;
	/** Meets the first attempt of each charge. */
	charge?: InjectedFault;
	/** Meets the first attempt of each refund. */
	refund?: InjectedFault;
}

const visa = { brand: "visa", last4: "4242" };

/** Stripe's test payment methods by their names, and some whose trouble is the connection. */
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
	pm_sim_slow: { ...visa, charge: { hangMs: 3000 } },
	pm_sim_dropConnection: { ...visa, charge: { after: "drop" } },
	pm_sim_dropRefundConnection: { ...visa, refund: { after: "drop" } },
	pm_sim_errorAfterCommit: { ...visa, charge: { after: "error" } },
	pm_sim_errorAfterRefund: { ...visa, refund: { after: "error" } },
	pm_sim_rateLimitFirst: { ...visa, charge: { refuse: "rate_limit" } }
};

/** Nothing hangs longer: a shop must know when it may take silence for a no. */
export const longestHangMs = 30_000;

/** The method of a name; `pm_sim_hang9s` hangs 9 s. Undefined where there is none. */
export function testMethod(name: string): TestMethod | undefined {
	const seconds = /^pm_sim_hang(\d{1,2})s$/.exec(name)?.[1];
	if (seconds)
		return { ...visa, charge: { hangMs: Math.min(Number(seconds) * 1000, longestHangMs) } };
	return Object.hasOwn(testMethods, name) ? testMethods[name] : undefined;
}
