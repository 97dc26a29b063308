/** What a message can be about, as people see it: some kinds have several. */
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

/** Numbers and names that a sentence may mention, ready to be read. */
export interface TemplateValues {
	/** What the order costs. */
	total: string;
	/** What was paid back. */
	refunded: string;
	carrier: string;
	product: string;
	/** Units left of it. */
	units: string;
}

export interface Template {
	subject(values: TemplateValues): string;
	heading: string;
	lead(values: TemplateValues): string;
	/** For a text message: one sentence; a link follows. */
	short(values: TemplateValues): string;
}

/** All that a language has to say. */
export interface Wording {
	/** BCP 47; also what Intl formats by. */
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
	/** Why one gets this. */
	footer(shop: string): string;
	staffFooter(shop: string): string;
	templates: Readonly<Record<TemplateName, Template>>;
}
