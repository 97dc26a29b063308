import type { Document } from "../../../contracts/gateway.ts";
import { html, type Html } from "../../../lib/text/html.ts";

/** The frame of the gateway's own pages. They contain no script. */

const style = `
	* { box-sizing: border-box }
	body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1d2330 }
	a { color: #1a56db } h1 { font-size: 1.3rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem }
	table { width: 100%; border-collapse: collapse } td, th { padding: .4rem .5rem; text-align: left; vertical-align: top }
	tr + tr td { border-top: 1px solid #e3e6eb } .meta { color: #5b6472 } td.meta { white-space: nowrap }
	iframe { width: 100%; height: 44rem; border: 1px solid #e3e6eb; border-radius: .5rem }
	pre { padding: 1rem; background: #f4f5f7; border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere }
	@media (max-width: 40rem) { td, th { display: block; padding: .1rem 0 } th { display: none } tr { display: block; padding: .5rem 0 } }
`;

export function page(title: string, body: Html): Document {
	const { markup } = html`<html lang="en">
		<head>
			<meta charset="utf-8" />
			<meta name="viewport" content="width=device-width, initial-scale=1" />
			<title>${title}</title>
			<style>
				${style}
			</style>
		</head>
		<body>
			${body}
		</body>
	</html>`;
	return { type: "text/html; charset=utf-8", body: `<!doctype html>${markup}` };
}

/** The quality (RFC 9110, section 12.4.2) of a media type that the header names; 0 for one that it does not. */
function quality(accept: string, type: string): number {
	for (const range of accept.split(",")) {
		const [name = "", ...parameters] = range.split(";").map(part => part.trim().toLowerCase());
		if (name !== type) continue;
		const q = parameters.find(parameter => parameter.startsWith("q="))?.slice(2);
		return q === undefined ? 1 : Number(q) || 0;
	}
	return 0;
}

/** A page for a browser; for any other client, which does not name HTML in its Accept header, the same as JSON. */
export function pageOrJson(
	accept: string | undefined,
	{ asPage, asJson }: { asPage(): Document; asJson: unknown }
): Document {
	const prefers = (type: string) => quality(accept ?? "", type);
	if (prefers("text/html") > prefers("application/json")) return asPage();
	return { type: "application/json; charset=utf-8", body: JSON.stringify(asJson) };
}
