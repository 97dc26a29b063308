import { createHash } from "node:crypto";
import { escapeHtml } from "../../lib/text/html.ts";
import type { Charge } from "../ledger/charge.ts";

/** The page on which a customer approves or refuses a charge (3-D Secure), as text. */

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}dd{margin:0}
button{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}`;
const styleHash = createHash("sha256").update(style).digest("base64");

/** Browsers apply `form-action` to the redirect after a form too, so the return URL must be in it. */
export function policy(returnUrl: string | null): string {
	const back = returnUrl ? ` ${new URL(returnUrl).origin}` : "";
	return [
		"default-src 'none'",
		`style-src 'sha256-${styleHash}'`,
		`form-action 'self'${back}`,
		"frame-ancestors 'none'",
		"base-uri 'none'"
	].join("; ");
}

function page(title: string, body: string): string {
	return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
</main></body></html>
`;
}

function facts(rows: [string, string][]): string {
	const lines = rows.map(
		([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`
	);
	return `<dl>${lines.join("")}</dl>`;
}

/** @param money the amount for people, e.g. `12.34 USD` */
export function questionPage({ line }: Charge, money: string, last4: string): string {
	const order = line.metadata.order_id;
	return page(
		"Approve this payment?",
		`<p>A simulated bank asks. No money moves.</p>
${facts([["Amount", money], ["Card", `···· ${last4}`], ...(order ? [["Order", order] as [string, string]] : [])])}
<form method="post"><input type="hidden" name="secret" value="${escapeHtml(line.challenge!.secret)}">
<button name="answer" value="approve">Approve</button>
<button name="answer" value="refuse">Refuse</button></form>`
	);
}

export function answeredPage({ status, canceled }: Charge): string {
	if (canceled) return page("This payment was canceled", "<p>You can close this page.</p>");
	const title = status === "succeeded" ? "The payment is approved" : "The payment was not made";
	return page(title, "<p>You can close this page.</p>");
}

export function missingPage(): string {
	return page("There is no such payment", "<p>The link is not right.</p>");
}
