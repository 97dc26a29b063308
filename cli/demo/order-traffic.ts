import { poll } from "../../lib/retry.ts";
import type { Order } from "../../contracts/order.ts";
import { inProgressStatuses } from "../../contracts/order-status.ts";
import type { Product } from "../../contracts/product.ts";
import type { DemoShop } from "./shop-client.ts";

/** What a customer does with an order. */
export interface Intent {
	customer: number;
	product: number;
	quantity: number;
	card: string;
	/** What happens after it was placed. */
	followUp: "keep" | "cancel" | "ship";
}

/** Of a hundred orders some are declined, and some are cancelled or delivered during the demo. */
const declined = ["pm_card_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"];
const accepted = ["pm_card_visa", "pm_card_mastercard", "pm_card_amex"];

/** Whole numbers from 0 up to, but not with, `below`. */
type Draw = (below: number) => number;

const pick = <V>(values: readonly V[], draw: Draw): V => values[draw(values.length)]!;

function followUpOf(percent: number): Intent["followUp"] {
	if (percent < 5) return "cancel";
	return percent < 20 ? "ship" : "keep";
}

export function intents(count: number, customers: number, products: number, draw: Draw): Intent[] {
	return Array.from({ length: count }, () => ({
		customer: draw(customers),
		// The first products sell best, as they do in shops.
		product: Math.min(draw(products), draw(products)),
		quantity: 1 + draw(3),
		card: pick(draw(100) < 8 ? declined : accepted, draw),
		followUp: followUpOf(draw(100))
	}));
}

/** Settled, or in review: the demo does not wait for staff. */
const isSettled = ({ status }: Order) => !inProgressStatuses.has(status);

export interface TrafficOptions {
	customers: readonly DemoShop[];
	staff: DemoShop;
	products: readonly Product[];
	intents: readonly Intent[];
	/** Orders in progress at a time. */
	atOnce: number;
	onOrder(done: number): void;
	/** Longest wait for an order to settle. */
	withinMs: number;
	isStopping(): boolean;
}

const lookEveryMs = 250;

/** Executes the intents; returns the orders in their last state. */
export async function placeOrders(options: TrafficOptions): Promise<Order[]> {
	const { intents, atOnce, onOrder, isStopping } = options;
	const orders: Order[] = [];
	const left = intents.values();
	async function work(): Promise<void> {
		for (const intent of left) {
			if (isStopping()) return;
			const order = await carryOut(intent, options);
			if (order) onOrder(orders.push(order));
		}
	}
	await Promise.all(Array.from({ length: atOnce }, work));
	return orders;
}

/** Undefined when the shop did not accept it in time. */
async function carryOut(intent: Intent, options: TrafficOptions): Promise<Order | undefined> {
	const { customers, staff, products, withinMs, isStopping } = options;
	const customer = customers[intent.customer]!;
	const product = products[intent.product]!;
	const end = performance.now() + withinMs;
	const polling = () => ({
		everyMs: lookEveryMs,
		withinMs: end - performance.now(),
		isStopping
	});
	const placed = await poll(() => customer.order(product, intent.quantity, intent.card), polling());
	if (!placed) return undefined;
	// If it is too late to cancel the order, it is kept.
	if (intent.followUp === "cancel") await customer.cancel(placed.id).catch(() => undefined);
	const order = await poll(() => customer.find(placed.id), { ...polling(), isDone: isSettled });
	if (order.status !== "confirmed" || intent.followUp !== "ship") return order;
	await staff.ship(order.id);
	return customer.find(order.id);
}
