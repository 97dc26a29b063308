import type { ServiceBroker } from "moleculer";
import { order, type Order } from "../../../contracts/order.ts";
import { inProgressStatuses } from "../../../contracts/order-status.ts";
import { newId } from "../../../lib/id.ts";
import type { Identity } from "../../../lib/identity.ts";
import { call, type Params } from "../../../lib/service.ts";
import { until } from "../until.ts";

/** Orders for tests: valid ones, with overrides. */

export const alice: Identity = { id: "user-123", role: "customer" };
export const bob: Identity = { id: "user-456", role: "customer" };
export const admin: Identity = { id: "user-admin", role: "admin" };

export const address = {
	street: "123 Main St",
	city: "SF",
	state: "CA",
	zip: "94105",
	country: "USA"
};

type PlaceParams = Params<typeof order.actions.place>;

export function orderOf(over: Partial<PlaceParams> = {}): PlaceParams {
	return {
		items: [{ product_id: "prod-001", quantity: 2 }],
		shipping_address: address,
		payment_method: "pm_card_visa",
		idempotency_key: newId(),
		...over
	};
}

export function place(broker: ServiceBroker, over: Partial<PlaceParams> = {}, user = alice) {
	return call(broker, order.actions.place, orderOf(over), { meta: { user } });
}

/** The order once it has settled. */
export function settledOrder(broker: ServiceBroker, id: string, withinMs = 10_000): Promise<Order> {
	return until(async () => {
		const found = await call(broker, order.actions.get, { id }, { meta: { user: admin } });
		return inProgressStatuses.has(found.status) ? undefined : found;
	}, withinMs);
}

/** Rows that violate a stock invariant: the counters must equal the ledger's sums. */
export const stockViolations = `
	select s.product_id, s.on_hand, s.reserved, l.on_hand as ledger_on_hand, l.reserved as ledger_reserved
	from product.stock s
	join (select product_id, sum(d_on_hand) as on_hand, sum(d_reserved) as reserved
		from product.stock_ledger group by 1) l using (product_id)
	where s.on_hand <> l.on_hand or s.reserved <> l.reserved or s.reserved < 0 or s.reserved > s.on_hand`;
