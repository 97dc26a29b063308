import { Html, html, type Part } from "../../../lib/text/html.ts";
import type { Content, Item } from "./content.templates.ts";
import type { Detail } from "./facts.templates.ts";

/** The layout of all mails: tables and inline styles, since many mail programs support nothing else. */

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const label = "padding:4px 16px 4px 0;color:#5b6472;vertical-align:top;white-space:nowrap";
const value = "padding:4px 0;text-align:right;overflow-wrap:anywhere";
const figure = "padding:8px 0 8px 16px;text-align:right;vertical-align:top;white-space:nowrap";
const table = new Html(
	'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
);

function detailRow({ label: name, value: shown, url }: Detail): Html {
	const text = url ? html`<a href="${url}" style="color:#1d4ed8">${shown}</a>` : shown;
	return html`<tr>
		<td style="${label}">${name}</td>
		<td style="${value}">${text}</td>
	</tr> `;
}

function itemRow({ name, quantity, amount }: Item): Html {
	return html`<tr>
		<td style="padding:8px 0;border-top:1px solid #e5e8ee;overflow-wrap:anywhere">
			${name} &times;&nbsp;${quantity}
		</td>
		<td style="${figure};border-top:1px solid #e5e8ee">${amount}</td>
	</tr> `;
}

function sumRow({ label: name, amount }: Content["sums"][number], isLast: boolean): Html {
	const weight = isLast ? "font-weight:700;font-size:18px" : "color:#5b6472";
	return html`<tr>
		<td style="padding:4px 0;${weight}">${name}</td>
		<td style="${figure};padding-top:4px;padding-bottom:4px;${weight}">${amount}</td>
	</tr> `;
}

function itemsPart({ items, sums }: Content): Html | undefined {
	if (items.list.length === 0) return undefined;
	return html`<h2 style="margin:24px 0 8px;font-size:16px">${items.heading}</h2>
		<table ${table}>
			${items.list.map(itemRow)}
		</table>
		<table ${table} style="margin-top:8px;border-top:2px solid #1f2733;padding-top:8px">
			${sums.map((sum, index) => sumRow(sum, index === sums.length - 1))}
		</table> `;
}

function buttonPart({ button }: Content): Html | undefined {
	if (!button) return undefined;
	return html`<p style="margin:28px 0 4px;text-align:center">
		<a
			class="button"
			href="${button.url}"
			style="display:inline-block;padding:12px 28px;border-radius:8px;background:#1d4ed8;color:#ffffff;font-weight:600;text-decoration:none"
			>${button.label}</a
		>
	</p> `;
}

function brand({ name, logoUrl }: Content["shop"]): Part {
	if (!logoUrl) return name;
	return html`<img
		src="${logoUrl}"
		alt="${name}"
		height="32"
		style="display:block;height:32px;max-width:100%;border:0"
	/>`;
}

/** A whole page, for the HTML part of a mail. */
export function toHtml(content: Content): string {
	const { language, subject, greeting, heading, lead, details, footer, shop } = content;
	return html`<!doctype html>
		<html lang="${language}">
			<head>
				<meta charset="utf-8" />
				<meta name="viewport" content="width=device-width, initial-scale=1" />
				<meta name="color-scheme" content="light" />
				<title>${subject}</title>
			</head>
			<body
				style="margin:0;padding:0;background:#f3f5f9;color:#1f2733;${font};font-size:15px;line-height:1.5"
			>
				<div style="display:none;max-height:0;overflow:hidden">${lead}</div>
				<table ${table} style="background:#f3f5f9">
					<tr>
						<td align="center" style="padding:24px 12px">
							<table ${table} style="max-width:600px;text-align:left">
								<tr>
									<td style="padding:0 8px 16px;font-size:20px;font-weight:700">${brand(shop)}</td>
								</tr>
								<tr>
									<td style="padding:28px 24px;background:#ffffff;border-radius:12px">
										<h1 style="margin:0 0 16px;font-size:24px;line-height:1.25">${heading}</h1>
										<p style="margin:0 0 12px">${greeting}</p>
										<p style="margin:0 0 20px">${lead}</p>
										<table
											${table}
											style="background:#f8f9fc;border-radius:8px;padding:8px 16px;font-size:14px"
										>
											${details.map(detailRow)}
										</table>
										${itemsPart(content)}${buttonPart(content)}
									</td>
								</tr>
								<tr>
									<td style="padding:16px 8px;color:#5b6472;font-size:12px">${footer}</td>
								</tr>
							</table>
						</td>
					</tr>
				</table>
			</body>
		</html> `.markup;
}
