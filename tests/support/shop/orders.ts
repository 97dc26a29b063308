import type { ServiceBroker } from "moleculer";
import { order, type Order } from "../../../contracts/order.ts";
import { inProgressStatuses } from "../../../contracts/order-status.ts";
import { newId } from "../../../lib/id.ts";
import { call, type Params } from "../../../lib/service.ts";
import { until } from "../until.ts";
import { admin, alice, as } from "./callers.ts";

/** Orders for tests: valid ones, with overrides. */

/** The address that tests ship to. */
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
	return call(broker, order.actions.place, orderOf(over), as(user));
}

/** The order once it has settled. */
export function settledOrder(broker: ServiceBroker, id: string, withinMs = 20_000): Promise<Order> {
	return until(async () => {
		const found = await call(broker, order.actions.get, { id }, as(admin));
		return inProgressStatuses.has(found.status) ? undefined : found;
	}, withinMs);
}
