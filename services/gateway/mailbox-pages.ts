import type { Document } from "../../contracts/gateway.ts";
import type { MailboxEntry, MailboxMessage } from "../../contracts/notification.ts";
import { fail } from "../../lib/errors.ts";
import { html, type Html } from "../../lib/text/html.ts";

/** Pages with the shop's stored messages, for developers. They contain no script. */

const type = "text/html; charset=utf-8";

const style = `
	* { box-sizing: border-box }
	body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1d2330 }
	a { color: #1a56db } h1 { font-size: 1.3rem; overflow-wrap: anywhere }
	table { width: 100%; border-collapse: collapse } td, th { padding: .4rem .5rem; text-align: left; vertical-align: top }
	tr + tr td { border-top: 1px solid #e3e6eb } .meta { color: #5b6472 } td.meta { white-space: nowrap }
	iframe { width: 100%; height: 44rem; border: 1px solid #e3e6eb; border-radius: .5rem }
	pre { padding: 1rem; background: #f4f5f7; border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere }
	@media (max-width: 40rem) { td, th { display: block; padding: .1rem 0 } th { display: none } tr { display: block; padding: .5rem 0 } }
`;

function page(title: string, body: Html): Document {
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
	return { type, body: `<!doctype html>${markup}` };
}

function row({ id, channel, to, type: about, subject, received_at }: MailboxEntry): Html {
	return html`<tr>
		<td class="meta">${received_at.slice(0, 19).replace("T", " ")}</td>
		<td>${to}</td>
		<td><a href="/dev/mailbox/${id}">${subject ?? "Text message"}</a></td>
		<td class="meta">${channel}, ${about}</td>
	</tr>`;
}

/** The newest messages. */
export function mailboxPage({ data }: { data: readonly MailboxEntry[] }): Document {
	const none = html`<p>No message yet: place an order, or run <code>npm run demo</code>.</p>`;
	const table = html`<table>
		<tr>
			<th>Received (UTC)</th>
			<th>To</th>
			<th>Subject</th>
			<th>Kind</th>
		</tr>
		${data.map(row)}
	</table>`;
	const intro = html`<h1>Mailbox</h1>
		<p>The newest of what would have been sent. Nothing has left this machine.</p>`;
	return page("Mailbox", html`${intro}${data.length > 0 ? table : none}`);
}

/** One message: the mail in a sandboxed frame, and its text. */
export function messagePage({
	id,
	to,
	subject,
	html: mail,
	text,
	received_at
}: MailboxMessage): Document {
	const title = subject ?? "Text message";
	const frame = html`<iframe
			sandbox="allow-popups"
			src="/dev/mailbox/${id}/html"
			title="${title}"
		></iframe>
		<h2>As plain text</h2>`;
	return page(
		title,
		html`<p><a href="/dev/mailbox">Mailbox</a></p>
			<h1>${title}</h1>
			<p class="meta">to ${to}, ${received_at}</p>
			${mail === null ? undefined : frame}
			<pre>${text}</pre>`
	);
}

/** The HTML of a mail. @throws NOT_FOUND for a text message */
export function mailOf({ html: mail }: MailboxMessage): Document {
	return { type, body: mail ?? fail("NOT_FOUND") };
}
