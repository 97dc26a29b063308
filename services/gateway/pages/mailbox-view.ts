import type { Document } from "../../../contracts/gateway.ts";
import type { MailboxEntry, MailboxMessage } from "../../../contracts/notification.ts";
import { fail } from "../../../lib/errors.ts";
import { html, type Html } from "../../../lib/text/html.ts";
import { page } from "./layout.ts";

/** Pages with the shop's stored messages, for developers. They contain no script. */

const type = "text/html; charset=utf-8";

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
