import { Random } from "../../workload/random.ts";

/** What one customer will do, drawn from the seed beforehand. */
export interface OrderPlan {
	n: number;
	user: string;
	items: { product_id: string; quantity: number }[];
	/** Of the items' prices. */
	currency: string;
	payment_method: string;
	/** How often the same request is sent under the same key. */
	attempts: number;
	/** Whether the attempts are concurrent or one after the other. */
	inParallel: boolean;
	/** Cancels the order after so many ms; null: never. */
	cancelAfterMs: number | null;
	/** Returns all of it, once delivered. */
	returnsOrder: boolean;
	/** Uses one key for several requests, at once and later. */
	reusesKeys: boolean;
	/** Refunds by staff once it is confirmed, in percent of its total. */
	refunds: readonly number[];
	/** A refund at the provider's dashboard once it is confirmed, in percent of its total; 0 for none. */
	refundedElsewhere: number;
	/** Also places many orders of this product at once and pays for none; null: none. */
	hoards: string | null;
}

/** The staff account that ships, delivers and approves returns. */
export const staff = "staff";

export interface StockedProducts {
	/** Products that sell out during the run. */
	scarce: readonly string[];
	plenty: readonly string[];
	/** For customers who place many orders and pay for none. */
	hoarded: string;
	/** Products with prices in other currencies, which never sell out. */
	abroad: Readonly<Record<string, readonly string[]>>;
}

/** Without decimals, with three of which the last must be 0, and with another unit at the provider than in ISO 4217. */
export const currenciesAbroad = ["JPY", "KWD", "ISK"] as const;
const abroadShare = 0.12;

/** Stripe's test payment methods by frequency, and the simulator's for lost connections. */
export const paymentMethods = {
	pm_card_visa: 48,
	pm_card_mastercard: 10,
	pm_card_chargeDeclined: 10,
	pm_card_visa_chargeDeclinedInsufficientFunds: 4,
	pm_sim_dropConnection: 10,
	pm_sim_dropRefundConnection: 5,
	pm_sim_errorAfterCommit: 4,
	pm_sim_errorAfterRefund: 2,
	pm_sim_rateLimitFirst: 2,
	pm_card_threeDSecureRequired: 2,
	pm_sim_slow: 3,
	pm_card_pendingRefund: 4,
	pm_card_refundFail: 4,
	pm_sim_pendingRefundFails: 2,
	pm_sim_disputeWon: 2
};

/** Cancels before, during and after the charge. */
const cancelDelaysMs = [0, 0, 10, 30, 100, 300, 1500, 4000];
const cancelShare = 0.15;
const returnShare = 0.08;
const reuseShare = 0.08;
/** Refunds: in part, in full, too much together, too much by the last. */
const refunds = [[30], [100], [60, 60], [20, 30, 51]];
const refundShare = 0.15;
const elsewhereShare = 0.06;
const elsewhere = [20, 100];
const hoardShare = 0.02;
const attempts = { least: 5, most: 20 };

/** Enough customers that none reaches the limit of open orders while the shop is down. */
export const userCount = 400;

/** Order `n` of the run with this seed; always the same. */
export function orderPlan(seed: number, n: number, products: StockedProducts): OrderPlan {
	const random = new Random(seed * 1_000_003 + n * 7919);
	const currency = random.chance(abroadShare) ? random.pick(currenciesAbroad) : "USD";
	const here = () => (random.chance(0.5) ? products.scarce : products.plenty);
	const line = () => ({
		product_id: random.pick(products.abroad[currency] ?? here()),
		quantity: random.between(1, 2)
	});
	return {
		n,
		user: `load-${n % userCount}`,
		items: Array.from({ length: random.between(1, 3) }, line),
		currency,
		payment_method: random.weighted(paymentMethods),
		attempts: random.between(attempts.least, attempts.most),
		inParallel: random.chance(0.5),
		cancelAfterMs: random.chance(cancelShare) ? random.pick(cancelDelaysMs) : null,
		returnsOrder: random.chance(returnShare),
		refunds: random.chance(refundShare) ? random.pick(refunds) : [],
		reusesKeys: random.chance(reuseShare),
		refundedElsewhere: random.chance(elsewhereShare) ? random.pick(elsewhere) : 0,
		hoards: random.chance(hoardShare) ? products.hoarded : null
	};
}

/** Of the hoarded product, and how many orders of how many units each a hoarder places: more than the share. */
export const hoardedUnits = 40;
export const hoard = { orders: 15, quantity: 2, payment_method: "pm_card_threeDSecureRequired" };

/** Units of each scarce product: about two thirds of what is ordered. */
export const scarceUnits = (orders: number) => Math.max(3, Math.ceil(orders * 0.12));
