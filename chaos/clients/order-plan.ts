import { Random } from "../../workload/random.ts";

/** What one customer is going to do, drawn before anything happens. */
export interface OrderPlan {
	n: number;
	user: string;
	items: { product_id: string; quantity: number }[];
	payment_method: string;
	/** How often the same request is sent under the same key. */
	attempts: number;
	/** Whether the attempts are all in the air at one time, or one after the other. */
	inParallel: boolean;
	/** Calls the order off so long after it was taken; null: never. */
	cancelAfterMs: number | null;
	/** Sends all of it back, if they get it. */
	returnsOrder: boolean;
	/** What staff pay back once it is confirmed, in percents of its total. */
	refunds: readonly number[];
}

/** Who ships, delivers and takes back. */
export const staff = "staff";

export interface StockedProducts {
	/** Run out in the course of the run. */
	scarce: readonly string[];
	plenty: readonly string[];
}

/** Stripe's test payment methods by how often they are used, and the simulator's for bad connections. */
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
	pm_sim_slow: 3
};

/** Before the charge, while it is under way, and after it. */
const cancelDelaysMs = [0, 0, 10, 30, 100, 300, 1500, 4000];
const cancelShare = 0.15;
const returnShare = 0.08;
/** In part, whole, too much together, too much by the last. */
const refunds = [[30], [100], [60, 60], [20, 30, 51]];
const refundShare = 0.15;
const attempts = { least: 5, most: 20 };

/** Enough that no customer reaches the limit of open orders while the shop is down. */
export const userCount = 400;

/** Order `n` of the run with this seed: the same for ever. */
export function orderPlan(seed: number, n: number, products: StockedProducts): OrderPlan {
	const random = new Random(seed * 1_000_003 + n * 7919);
	const line = () => ({
		product_id: random.pick(random.chance(0.5) ? products.scarce : products.plenty),
		quantity: random.between(1, 2)
	});
	return {
		n,
		user: `load-${n % userCount}`,
		items: Array.from({ length: random.between(1, 3) }, line),
		payment_method: random.weighted(paymentMethods),
		attempts: random.between(attempts.least, attempts.most),
		inParallel: random.chance(0.5),
		cancelAfterMs: random.chance(cancelShare) ? random.pick(cancelDelaysMs) : null,
		returnsOrder: random.chance(returnShare),
		refunds: random.chance(refundShare) ? random.pick(refunds) : []
	};
}

/** Units of each scarce product: about two thirds of what is asked for. */
export const scarceUnits = (orders: number) => Math.max(3, Math.ceil(orders * 0.12));
