import MailComposer, { type MailComposerOptions } from "nodemailer/lib/mail-composer";
import type { Dispatch } from "../channel.ts";

export interface Address {
	name: string;
	address: string;
}

/** @param from `orders@shop.example`, or `The Shop <orders@shop.example>` */
export function addressOf(from: string): Address {
	const [, name = "", address = from] = /^(.*) <(.*)>$/.exec(from) ?? [];
	return { name, address };
}

/**
 * A message as a mail. Its Message-ID is the same for every attempt, so that recipients can recognise
 * duplicates. SES replaces it by its own, so ours is in another header too.
 */
export function mailOf({ id, to, rendered }: Dispatch, from: Address): MailComposerOptions {
	const { subject, text, html } = rendered;
	const domain = from.address.slice(from.address.lastIndexOf("@") + 1);
	return {
		from,
		to: { name: "", address: to },
		subject,
		text,
		html,
		messageId: `<${id}@${domain}>`,
		// Suppresses automatic replies (RFC 3834).
		headers: { "X-Shop-Message-ID": id, "Auto-Submitted": "auto-generated" },
		disableFileAccess: true,
		disableUrlAccess: true
	};
}

/** The bytes of a mail (RFC 5322). */
export function composed(mail: MailComposerOptions): Promise<Buffer> {
	return new MailComposer(mail).compile().build();
}
