import type { OrderEventType } from "../../../contracts/events.ts";
import type { SilentEventType } from "../../../contracts/order-status.ts";

/** The name of a type's template: what follows `order.`. */
type NameOf<T> = T extends `order.${infer Name}` ? Name : never;
/** Templates of messages: one for each type of event with a message, and a few that depend on its data. */
export type TemplateName =
	| NameOf<Exclude<OrderEventType, SilentEventType | "order.rejected" | "order.refund_issued">>
	| "sold_out"
	| "reservation_limit"
	| "cancelled_paid"
	| "expired"
	| "low_stock"
	| "webhook_failing"
	| "webhook_gone";

/** Formatted values for sentences. */
export interface TemplateValues {
	/** The order's total. */
	total: string;
	/** The refunded amount. */
	refunded: string;
	carrier: string;
	product: string;
	/** Units left. */
	units: string;
	/** The URL of a webhook. */
	webhook: string;
	/** The host of that URL. */
	host: string;
	/** When its requests began to fail; empty if that is unknown. */
	failingSince: string;
	/** What the customer's bank took back. */
	disputed: string;
	/** True for a dispute that the shop has won. */
	isWon: boolean;
}

export interface Template {
	subject(values: TemplateValues): string;
	heading: string;
	lead(values: TemplateValues): string;
	/** For a text message: one sentence; a link follows. */
	short(values: TemplateValues): string;
}

/** All wording of a language. */
export interface Wording {
	/** BCP 47; also the locale of Intl. */
	language: string;
	greeting(name: string): string;
	order: string;
	date: string;
	carrier: string;
	trackingNumber: string;
	items: string;
	returnedItems: string;
	subtotal: string;
	shipping: string;
	tax: string;
	total: string;
	refunded: string;
	product: string;
	unitsLeft: string;
	webhook: string;
	failingSince: string;
	lastError: string;
	/** The request that enables a webhook. */
	howToEnable: string;
	/** The provider's reference of a dispute. */
	dispute: string;
	disputeReason: string;
	/** Units of a product that was refused: `ordered` of at most `limit`, with `held` in other unpaid orders. */
	limitedItem(units: Record<"ordered" | "limit" | "held", string>): string;
	viewOrder: string;
	trackParcel: string;
	/** Why the recipient gets this message. */
	footer(shop: string): string;
	staffFooter(shop: string): string;
	templates: Readonly<Record<TemplateName, Template>>;
}
