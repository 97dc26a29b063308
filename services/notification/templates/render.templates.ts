import type { Locale } from "../../../contracts/values.ts";
import { contentOf, templateOf, type Shop } from "./content.templates.ts";
import { german } from "./de.templates.ts";
import { english } from "./en.templates.ts";
import type { Fact } from "./facts.templates.ts";
import { toHtml } from "./html.templates.ts";
import { toShort, toText } from "./text.templates.ts";
import type { Wording } from "./wording.templates.ts";

export const languages: Readonly<Record<Locale, Wording>> = { en: english, de: german };

export interface Rendered {
	subject: string;
	html: string;
	text: string;
	/** For a text message. */
	short: string;
}

/** Renders the message about an event. @throws Error if there is none about it */
export function render(
	fact: Fact,
	recipient: { name: string; locale: Locale },
	shop: Shop
): Rendered {
	const template = templateOf(fact);
	if (!template) throw new Error(`there is no message about ${fact.type}`);
	const content = contentOf(fact, template, recipient.name, languages[recipient.locale], shop);
	return {
		subject: content.subject,
		html: toHtml(content),
		text: toText(content),
		short: toShort(content)
	};
}
