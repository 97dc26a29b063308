/** HTML templates that escape their values. */

const entities: Record<string, string> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;"
};

export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, character => entities[character]!);
}

/** Markup. Only `html` creates it, so unescaped text cannot get into a page. */
export class Html {
	readonly markup: string;

	constructor(markup: string) {
		this.markup = markup;
	}
}

export type Part = string | Html | Html[] | undefined;

function markupOf(part: Part): string {
	if (part === undefined) return "";
	if (Array.isArray(part)) return part.map(markupOf).join("");
	return typeof part === "string" ? escapeHtml(part) : part.markup;
}

/** A template whose values are escaped. */
export function html(literals: TemplateStringsArray, ...parts: Part[]): Html {
	return new Html(literals.reduce((page, rest, i) => page + markupOf(parts[i - 1]) + rest));
}
