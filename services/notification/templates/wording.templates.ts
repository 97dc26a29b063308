/** Templates of messages: some kinds have several. */
export const templateNames = [
	"confirmed",
	"payment_failed",
	"sold_out",
	"cancelled",
	"cancelled_paid",
	"expired",
	"shipped",
	"delivered",
	"refunded",
	"return_requested",
	"returned",
	"return_rejected",
	"low_stock"
] as const;
export type TemplateName = (typeof templateNames)[number];

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
	viewOrder: string;
	trackParcel: string;
	/** Why the recipient gets this message. */
	footer(shop: string): string;
	staffFooter(shop: string): string;
	templates: Readonly<Record<TemplateName, Template>>;
}
