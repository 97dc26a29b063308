import { randomUUID } from "node:crypto";
import type { OrderEventData, OrderEventType } from "../contracts/events.ts";
import type { OrderStatus } from "../contracts/order-status.ts";
import { Random } from "./random.ts";

/** An event of a fictitious order, as a row of the outbox. */
export interface TrafficEvent {
	order_id: string;
	user_id: string;
	version: number;
	type: OrderEventType;
	occurred_at: Date;
	payload: OrderEventData;
	/** When it is written, in ms after the first one, if all were written as they occurred. */
	writtenMs: number;
}

export interface TrafficOptions {
	seed: number;
	/** The minimum number of events. */
	events: number;
	/** When the first minute begins. */
	from: Date;
	minutes: number;
	users: readonly string[];
}

const minuteMs = 60_000;
/** Of the orders: written up to half a minute late, written minutes late, and more than a day late. */
const shares = { disordered: 0.1, late: 0.01, tooLate: 0.005 } as const;
const [disorderMs, lateMs, tooLateMs] = [30_000, 8 * minuteMs, 30 * 60 * minuteMs];
/** Further events of an order occur at most so much later than its first one. */
const stepMs = 1500;

type Step = readonly [OrderEventType, OrderStatus];
const lifecycles: Readonly<Record<string, readonly Step[]>> = {
	delivered: [
		["order.created", "pending"],
		["order.confirmed", "confirmed"],
		["order.shipped", "shipped"],
		["order.delivered", "delivered"]
	],
	confirmed: [
		["order.created", "pending"],
		["order.confirmed", "confirmed"]
	],
	refunded: [
		["order.created", "pending"],
		["order.confirmed", "confirmed"],
		["order.refunded", "refunded"]
	],
	declined: [
		["order.created", "pending"],
		["order.payment_failed", "payment_failed"]
	]
};
const weights = { delivered: 5, confirmed: 3, refunded: 1, declined: 1 };

/**
 * Half an hour of a busy shop: events in the order in which they are written, which is not that of their
 * event times. Those of one order keep their order.
 */
export function traffic(options: TrafficOptions): TrafficEvent[] {
	const random = new Random(options.seed);
	const all: TrafficEvent[] = [];
	while (all.length < options.events) all.push(...eventsOfOrder(random, options));
	return all.sort((a, b) => a.writtenMs - b.writtenMs);
}

function eventsOfOrder(random: Random, { from, minutes, users }: TrafficOptions): TrafficEvent[] {
	const lifecycle = lifecycles[random.weighted(weights)]!;
	const order_id = randomUUID();
	const user_id = random.pick(users);
	const last = minutes * minuteMs - lifecycle.length * stepMs;
	const placedMs = random.between(0, last);
	const [earlierMs, delayMs] = delaysOf(random, minutes * minuteMs - placedMs);
	const itemsAndPrices = itemsAndTotals(random);
	let atMs = placedMs;
	return lifecycle.map(([type, status], index) => {
		atMs += random.between(1, stepMs);
		return {
			order_id,
			user_id,
			version: index + 1,
			type,
			occurred_at: new Date(from.getTime() + atMs - earlierMs),
			payload: {
				order_id,
				user_id,
				status,
				reason: null,
				...itemsAndPrices,
				...shipmentOf(status)
			},
			writtenMs: atMs + delayMs
		};
	});
}

/** By how much an order occurred before the half hour, and by how much later it is written. */
function delaysOf(random: Random, leftMs: number): [agoMs: number, delayMs: number] {
	const draw = random.next();
	if (draw < shares.tooLate) return [tooLateMs, leftMs];
	if (draw < shares.tooLate + shares.late) return [0, random.between(2 * minuteMs, lateMs)];
	if (draw < shares.tooLate + shares.late + shares.disordered)
		return [0, random.between(1000, disorderMs)];
	return [0, 0];
}

function itemsAndTotals(random: Random): Pick<OrderEventData, "items" | "totals" | "total"> {
	const currency = random.weighted({ USD: 4, EUR: 1 });
	const money = (amount: number) => ({ amount, currency });
	const quantity = random.between(1, 3);
	const price = random.between(100, 9999);
	const subtotal = money(quantity * price);
	const total = money(quantity * price + 500);
	const product_id = `plenty-${random.between(1, 8)}`;
	return {
		items: [{ product_id, name: product_id, quantity, unit_price: money(price) }],
		totals: { subtotal, shipping: money(500), tax: money(0), total },
		total
	};
}

function shipmentOf(status: OrderStatus): Pick<OrderEventData, "shipment"> {
	const isOnItsWay = status === "shipped" || status === "delivered";
	return isOnItsWay ? { shipment: { carrier: "UPS", tracking_number: "1Z999AA10123456784" } } : {};
}
