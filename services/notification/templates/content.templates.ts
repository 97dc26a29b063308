import type { OrderEventData } from "../../../contracts/events.ts";
import { messageKindOf } from "../../../contracts/order-status.ts";
import type { Money } from "../../../lib/money.ts";
import { trackingUrl } from "./carriers.templates.ts";
import { isAboutOrder, type Detail, type Fact } from "./facts.templates.ts";
import { count, instant, line, money } from "./format.templates.ts";
import { staffDetailsOf, staffValuesOf } from "./staff.templates.ts";
import type { TemplateName, TemplateValues, Wording } from "./wording.templates.ts";

export interface Shop {
	name: string;
	/** URL of a customer's order; `{id}` is replaced by its id. */
	orderUrl: string;
	logoUrl?: string;
}

export interface Item {
	name: string;
	quantity: string;
	amount?: string;
}

/** A message in parts, which HTML and text render differently. All of it is plain text. */
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
	/** The last one is the grand total. */
	sums: { label: string; amount: string }[];
	button?: { label: string; url: string };
	footer: string;
	shop: Shop;
}

/** The template of an event; undefined if there is no message about it. */
export function templateOf({ type, data }: Fact): TemplateName | undefined {
	switch (type) {
		case "order.rejected":
			return data.reason === "reservation_limit" ? "reservation_limit" : "sold_out";
		case "order.cancelled":
			if (data.status === "refund_pending") return "cancelled_paid";
			return data.reason === "expired" ? "expired" : "cancelled";
		case "product.low_stock":
			return "low_stock";
		case "webhook.disabled":
			return data.reason === "gone" ? "webhook_gone" : "webhook_failing";
		// However a refund was requested, its customer reads the same.
		case "order.refund_issued":
			return "refunded";
		default:
			return messageKindOf(type) === null
				? undefined
				: (type.slice("order.".length) as TemplateName);
	}
}

/** The refunded part of an order's amounts at the time of the event. */
function refundedOf({ total, return: back, refund }: OrderEventData): Money {
	// A cancellation of what staff had refunded before refunds nothing more; the customer still has all of it.
	if (refund && refund.amount.amount > 0) return refund.amount;
	return back ? (back.refunded ?? { amount: 0, currency: total.currency }) : total;
}

function valuesOf(fact: Fact, wording: Wording): TemplateValues {
	const { language } = wording;
	const none = {
		total: "",
		refunded: "",
		carrier: "",
		product: "",
		units: "",
		webhook: "",
		host: "",
		failingSince: "",
		disputed: "",
		isWon: false
	};
	if (!isAboutOrder(fact)) return { ...none, ...staffValuesOf(fact, wording) };
	const { total, shipment, dispute } = fact.data;
	return {
		...none,
		total: money(total, language),
		refunded: money(refundedOf(fact.data), language),
		carrier: line(shipment?.carrier ?? ""),
		...(dispute && {
			disputed: money(dispute.amount, language),
			isWon: dispute.status === "won"
		})
	};
}

const isAboutParcel = (type: Fact["type"]) =>
	type === "order.shipped" || type === "order.shipment_corrected";

function detailsOf(fact: Fact, wording: Wording): Detail[] {
	const date = { label: wording.date, value: instant(fact.at, wording.language) };
	if (!isAboutOrder(fact)) return [...staffDetailsOf(fact, wording), date];
	const order = { label: wording.order, value: fact.data.order_id };
	const { dispute } = fact.data;
	if (dispute)
		return [
			order,
			date,
			{ label: wording.dispute, value: dispute.ref },
			{ label: wording.disputeReason, value: line(dispute.reason) }
		];
	if (fact.data.limited_items) return [order, date, ...limitsOf(fact.data, wording)];
	if (!isAboutParcel(fact.type) || !fact.data.shipment) return [order, date];
	const { shipment } = fact.data;
	const { carrier, trackingNumber } = wording;
	const url = trackingUrl(shipment);
	return [
		order,
		date,
		{ label: carrier, value: line(shipment.carrier) },
		{ label: trackingNumber, value: line(shipment.tracking_number), ...(url && { url }) }
	];
}

const nameIn = (items: OrderEventData["items"], id: string) =>
	items.find(({ product_id }) => product_id === id)?.name ?? id;

/** One line for each product of which the customer ordered too much. */
function limitsOf({ items, limited_items = [] }: OrderEventData, wording: Wording): Detail[] {
	const units = (n: number) => count(n, wording.language);
	return limited_items.map(({ product_id, quantity, limit, held }) => ({
		label: line(nameIn(items, product_id)),
		value: wording.limitedItem({
			ordered: units(quantity),
			limit: units(limit),
			held: units(held)
		})
	}));
}

/** The returned items for an event about a return, else all. */
function itemsOf({ items, return: back }: OrderEventData, { language, ...wording }: Wording) {
	if (!back)
		return {
			heading: wording.items,
			list: items.map(({ name, quantity, unit_price }) => ({
				name: line(name),
				quantity: count(quantity, language),
				amount: money({ ...unit_price, amount: unit_price.amount * quantity }, language)
			}))
		};
	return {
		heading: wording.returnedItems,
		list: back.items.map(({ product_id, quantity, amount }) => ({
			name: line(nameIn(items, product_id)),
			quantity: count(quantity, language),
			amount: money(amount, language)
		}))
	};
}

function sumsOf(template: TemplateName, data: OrderEventData, wording: Wording) {
	const { totals, return: back } = data;
	const sum = (label: string, given: Money) => ({ label, amount: money(given, wording.language) });
	if (back) return back.refunded ? [sum(wording.refunded, back.refunded)] : [];
	const { subtotal, shipping, tax, total } = totals;
	const all = [
		sum(wording.subtotal, subtotal),
		sum(wording.shipping, shipping),
		sum(wording.tax, tax),
		sum(wording.total, total)
	];
	return template === "refunded" ? [...all, sum(wording.refunded, refundedOf(data))] : all;
}

function buttonOf(fact: Fact, wording: Wording, shop: Shop): Content["button"] {
	if (!isAboutOrder(fact)) return undefined;
	const { type, data } = fact;
	const tracking = isAboutParcel(type) && data.shipment && trackingUrl(data.shipment);
	if (tracking) return { label: wording.trackParcel, url: tracking };
	return { label: wording.viewOrder, url: shop.orderUrl.replace("{id}", data.order_id) };
}

/** @param recipient their name */
export function contentOf(
	fact: Fact,
	template: TemplateName,
	recipient: string,
	wording: Wording,
	shop: Shop
): Content {
	const values = valuesOf(fact, wording);
	const { subject, heading, lead, short } = wording.templates[template];
	const isOrder = isAboutOrder(fact);
	const isCustomers = isOrder && !fact.data.dispute;
	return {
		language: wording.language,
		subject: subject(values),
		short: short(values),
		greeting: wording.greeting(line(recipient)),
		heading,
		lead: lead(values),
		details: detailsOf(fact, wording),
		items: isOrder ? itemsOf(fact.data, wording) : { heading: "", list: [] },
		sums: isOrder ? sumsOf(template, fact.data, wording) : [],
		button: buttonOf(fact, wording, shop),
		footer: isCustomers ? wording.footer(shop.name) : wording.staffFooter(shop.name),
		shop
	};
}
