import { order, type Order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { until } from "../until.ts";
import { admin, alice, as, support } from "./callers.ts";
import { place } from "./orders.ts";
import { dashboardOf } from "./provider-dashboard.ts";
import { webhookMessage, webhookSignature } from "./stripe-webhooks.ts";
import type { Shop } from "./use-shop.ts";

const { actions } = order;

export const paymentOf = ({ id }: Order) => derivedId(id, "charge");

export const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

/** What customers, staff and the provider do about paid orders, and what is seen of it. */
export function paidOrdersOf(shop: Shop) {
	const confirmed = async (over: Parameters<typeof place>[1] = {}) =>
		(await place(shop.broker, { wait_s: 10, ...over })).order;
	const shown = ({ id }: Order) =>
		call(shop.broker, payment.actions.get, { order_id: id }, as(admin));
	const current = ({ id }: Order) => call(shop.broker, actions.get, { id }, as(admin));
	const cancel = ({ id }: Order) =>
		call(shop.broker, actions.cancel, { id, idempotency_key: newId() }, as(alice));
	const ship = ({ id }: Order) =>
		call(shop.broker, actions.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
	/** Ships and delivers the order, and approves the return of all of it, or of some of its lines. */
	async function returnAll(of: Order, lines = of.items) {
		const { id } = of;
		await ship(of);
		await call(shop.broker, actions.deliver, { id }, as(admin));
		const items = lines.map(({ product_id, quantity }) => ({ product_id, quantity }));
		const ask = { id, items, reason: "too small", idempotency_key: newId() };
		const { return: requested } = await call(
			shop.broker,
			actions["return.request"],
			ask,
			as(alice)
		);
		await call(shop.broker, actions["return.approve"], { id: requested.id }, as(admin));
		return requested;
	}
	const staffRefund = (of: Order, amount?: number, idempotency_key: string = newId()) => {
		const part = amount === undefined ? {} : { amount: { amount, currency: "USD" } };
		const asked = { id: paymentOf(of), ...part, reason: "damaged", idempotency_key };
		return call(shop.broker, payment.actions.refund, asked, as(support));
	};

	/** A message of the provider that names only the charge, as those about its dashboard do. */
	async function message(of: Order, type: string): Promise<void> {
		const about = { id: "re_1", object: "refund", payment_intent: `ch_${paymentOf(of)}` };
		const body = webhookMessage(undefined, type, about);
		const body_base64 = Buffer.from(body).toString("base64");
		const signature = webhookSignature(body);
		await call(shop.broker, payment.actions.webhook, { body_base64, signature });
	}

	const eventsOf = ({ id }: Order) =>
		shop.database.rows<{ type: string; payload: Record<string, unknown> }>(
			"select type, payload from orders.events where order_id = $1 order by version",
			[id]
		);
	/** The types of the order's events about its payment, once there are so many. */
	const paymentEvents = (of: Order, count: number) =>
		until(async () => {
			const found = (await eventsOf(of)).filter(({ type }) => /refund|dispute/.test(type));
			return found.length >= count ? found : undefined;
		}, 10_000);

	async function decide(
		of: Order,
		decision: "charged" | "refunded_elsewhere",
		provider_ref?: string
	) {
		const list = payment.actions["review.list"];
		const review = await until(async () => {
			const { data } = await call(shop.broker, list, { limit: 100 }, as(support));
			return data.find(({ order_id }) => order_id === of.id);
		}, 10_000);
		const decided = {
			id: review.id,
			decision,
			note: "seen at the dashboard",
			...(provider_ref && { provider_ref })
		} as const;
		await call(shop.broker, payment.actions["review.decide"], decided, as(support));
	}

	const dashboard = dashboardOf(shop);
	return {
		confirmed,
		shown,
		current,
		cancel,
		ship,
		returnAll,
		staffRefund,
		message,
		paymentEvents,
		decide,
		dashboard
	};
}
