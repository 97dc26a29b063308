import type { Content } from "./content.templates.ts";

const list = (lines: string[], heading?: string) =>
	lines.length > 0 ? [...(heading ? [heading] : []), ...lines, ""] : [];

/** The plain text part of a mail. */
export function toText(content: Content): string {
	const { heading, greeting, lead, details, items, sums, button, footer } = content;
	return [
		heading,
		"",
		greeting,
		"",
		lead,
		"",
		...list(
			details.flatMap(({ label, value, url }) => [
				`${label}: ${value}`,
				...(url ? [`  ${url}`] : [])
			])
		),
		...list(
			items.list.map(({ quantity, name, amount }) =>
				`  ${quantity} × ${name}  ${amount ?? ""}`.trimEnd()
			),
			`${items.heading}:`
		),
		...list(sums.map(({ label, amount }) => `${label}: ${amount}`)),
		...(button ? [`${button.label}:`, button.url, ""] : []),
		"-- ",
		footer,
		""
	].join("\n");
}

/** For a phone: one sentence and a link. */
export function toShort({ short, button, shop }: Content): string {
	return [`${shop.name}:`, short, ...(button ? [button.url] : [])].join(" ");
}
