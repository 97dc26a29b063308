import type { OrderEventData, OrderStreamEvent } from "../../../contracts/events.ts";
import type { Money } from "../../../lib/money.ts";
import { trackingUrl } from "./carriers.templates.ts";
import { count, instant, line, money } from "./format.templates.ts";
import type { Scene, Values, Words } from "./wording.templates.ts";

/** What happened to an order. Whom to tell, and his name, are not among it. */
export type OrderFact = Pick<OrderStreamEvent, "type" | "data"> & { at: Date };

/** A product of which few are left. */
export interface StockFact {
	type: "product.low_stock";
	at: Date;
	data: { product_id: string; name: string; available: number };
}

export type Fact = OrderFact | StockFact;

export interface Shop {
	name: string;
	/** Where a customer sees an order; `{id}` stands for its id. */
	orderUrl: string;
	logoUrl?: string;
}

export interface Detail {
	label: string;
	value: string;
	url?: string;
}

export interface Item {
	name: string;
	quantity: string;
	amount?: string;
}

/** A message in parts, which HTML and text each show in their own way. All of it is plain text. */
export interface Content {
	language: string;
	subject: string;
	/** For a text message. */
	short: string;
	greeting: string;
	heading: string;
	lead: string;
	details: Detail[];
	items: { heading: string; list: Item[] };
	/** The last one is what counts. */
	sums: { label: string; amount: string }[];
	button?: { label: string; url: string };
	footer: string;
	shop: Shop;
}

/** What can be said of an event; undefined where it is no news to anyone. */
export function sceneOf({ type, data }: Fact): Scene | undefined {
	switch (type) {
		case "order.created":
			return undefined;
		case "order.rejected":
			return "sold_out";
		case "order.cancelled":
			if (data.status === "refund_pending") return "cancelled_paid";
			return data.reason === "expired" ? "expired" : "cancelled";
		case "product.low_stock":
			return "low_stock";
		default:
			return type.slice("order.".length) as Scene;
	}
}

/** What of an order's amounts was paid back by the time of the event. */
function refundedOf({ total, return: back }: OrderEventData): Money {
	return back ? (back.refunded ?? { amount: 0, currency: total.currency }) : total;
}

function valuesOf(fact: Fact, { language }: Words): Values {
	const none = { total: "", refunded: "", carrier: "", product: "", units: "" };
	if (fact.type === "product.low_stock") {
		const { name, available } = fact.data;
		return { ...none, product: line(name), units: count(available, language) };
	}
	const { total, shipment } = fact.data;
	return {
		...none,
		total: money(total, language),
		refunded: money(refundedOf(fact.data), language),
		carrier: line(shipment?.carrier ?? "")
	};
}

function detailsOf(fact: Fact, words: Words): Detail[] {
	const date = { label: words.date, value: instant(fact.at, words.language) };
	if (fact.type === "product.low_stock") {
		const { product_id, name, available } = fact.data;
		return [
			{ label: words.product, value: `${line(name)} (${product_id})` },
			{ label: words.unitsLeft, value: count(available, words.language) },
			date
		];
	}
	const order = { label: words.order, value: fact.data.order_id };
	if (fact.type !== "order.shipped" || !fact.data.shipment) return [order, date];
	const { shipment } = fact.data;
	const { carrier, trackingNumber } = words;
	const url = trackingUrl(shipment);
	return [
		order,
		date,
		{ label: carrier, value: line(shipment.carrier) },
		{ label: trackingNumber, value: line(shipment.tracking_number), ...(url && { url }) }
	];
}

/** Those that come back where the event is about a return, else all. */
function itemsOf({ items, return: back }: OrderEventData, { language, ...words }: Words) {
	if (!back)
		return {
			heading: words.items,
			list: items.map(({ name, quantity, unit_price }) => ({
				name: line(name),
				quantity: count(quantity, language),
				amount: money({ ...unit_price, amount: unit_price.amount * quantity }, language)
			}))
		};
	const nameOf = (id: string) => items.find(({ product_id }) => product_id === id)?.name ?? id;
	return {
		heading: words.returnedItems,
		list: back.items.map(({ product_id, quantity, amount }) => ({
			name: line(nameOf(product_id)),
			quantity: count(quantity, language),
			amount: money(amount, language)
		}))
	};
}

function sumsOf(scene: Scene, { totals, return: back }: OrderEventData, words: Words) {
	const sum = (label: string, given: Money) => ({ label, amount: money(given, words.language) });
	if (back) return back.refunded ? [sum(words.refunded, back.refunded)] : [];
	const { subtotal, shipping, tax, total } = totals;
	const all = [
		sum(words.subtotal, subtotal),
		sum(words.shipping, shipping),
		sum(words.tax, tax),
		sum(words.total, total)
	];
	return scene === "refunded" ? [...all, sum(words.refunded, total)] : all;
}

function buttonOf({ type, data }: Fact, words: Words, shop: Shop): Content["button"] {
	if (type === "product.low_stock") return undefined;
	const tracking = type === "order.shipped" && data.shipment && trackingUrl(data.shipment);
	if (tracking) return { label: words.trackParcel, url: tracking };
	return { label: words.viewOrder, url: shop.orderUrl.replace("{id}", data.order_id) };
}

/** @param recipient his name */
export function contentOf(
	fact: Fact,
	scene: Scene,
	recipient: string,
	words: Words,
	shop: Shop
): Content {
	const values = valuesOf(fact, words);
	const { subject, heading, lead, short } = words.scenes[scene];
	const isOrder = fact.type !== "product.low_stock";
	return {
		language: words.language,
		subject: subject(values),
		short: short(values),
		greeting: words.greeting(line(recipient)),
		heading,
		lead: lead(values),
		details: detailsOf(fact, words),
		items: isOrder ? itemsOf(fact.data, words) : { heading: "", list: [] },
		sums: isOrder ? sumsOf(scene, fact.data, words) : [],
		button: buttonOf(fact, words, shop),
		footer: isOrder ? words.footer(shop.name) : words.staffFooter(shop.name),
		shop
	};
}
