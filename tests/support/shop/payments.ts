import { join } from "node:path";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import {
	payment,
	paymentSettled,
	type ChargeOutcome,
	type Payment
} from "../../../contracts/payment.ts";
import { newId } from "../../../lib/id.ts";
import { call, onHint, type Params } from "../../../lib/service.ts";
import type { Charges } from "../../../services/payment/charges/charges.ts";
import { readLedger, type LedgerReport } from "../../../psp/ledger/ledger.ts";
import { admin, alice, as } from "./callers.ts";
import type { Shop } from "./use-shop.ts";

const { actions } = payment;
type RefundParams = Params<typeof actions.refund>;
export interface PaidOrder {
	/** Of the payment. */
	id: string;
	order_id: string;
}

export const usd = (amount: number) => ({ amount, currency: "USD" });

/** The ledger of the shop's simulated provider. */
export const ledgerPath = ({ dataDir }: Pick<Shop, "dataDir">) => join(dataDir, "psp-ledger.jsonl");

/** A service that records the orders of the hints that a payment has settled. */
export function settledListener(orderIds: string[]): ServiceSchema {
	const events = onHint(paymentSettled, ({ order_ids }) => void orderIds.push(...order_ids));
	return { name: "listener", events };
}

/** Looks charges up at the provider, as a webhook makes the payment service do. */
export function lookUpCharges(broker: ServiceBroker, orderIds: string[]): Promise<ChargeOutcome[]> {
	const service = broker.getLocalService("payment") as unknown as { charges: Charges };
	return service.charges.resolve(orderIds);
}

/** Payments and refunds of a shop with the simulated provider. */
export function paymentsOf(shop: Shop) {
	/** A payment of 10.00 USD, or 1000 minor units of another currency. */
	async function paid(
		payment_method = "pm_card_visa",
		lines = [{ product_id: "prod-001", amount: 1000 }],
		currency = "USD"
	): Promise<PaidOrder> {
		const order_id = newId();
		const amount = { amount: 1000, currency };
		const charge = { order_id, user_id: alice.id, amount, lines, payment_method };
		const { outcomes } = await call(shop.broker, actions.charge, { charges: [charge] });
		return { id: outcomes[0]!.payment_id, order_id };
	}

	function askRefund(id: string, over: Partial<RefundParams> = {}, user = admin) {
		const params = { id, reason: "broken", idempotency_key: newId(), ...over };
		return call(shop.broker, actions.refund, params, as(user));
	}

	return {
		paid,
		askRefund,
		refund: async (...asked: Parameters<typeof askRefund>): Promise<Payment> =>
			(await askRefund(...asked)).payment,
		refundRemaining: async (order_id: string): Promise<Payment> =>
			(await call(shop.broker, actions.refundRemaining, { order_id, reason: "requested" })).payment,
		get: (id: string): Promise<Payment> => call(shop.broker, actions.get, { id }, as(admin)),
		/** Amounts of the provider's refunds of a payment. */
		async paidBack(id: string, report?: LedgerReport): Promise<number[]> {
			const { refunds } = report ?? (await readLedger(ledgerPath(shop)));
			return refunds.filter(({ charge_ref }) => charge_ref === `ch_${id}`).map(r => r.amount);
		}
	};
}
