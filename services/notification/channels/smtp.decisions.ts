import type { Refusal } from "../notification.decisions.ts";
import { reasonOf } from "../reason.decisions.ts";

/** What nodemailer says of a message that was not taken. */
export interface SmtpError {
	message: string;
	/** Of the server's last reply (RFC 5321, 4.2), where there was one. */
	responseCode?: number;
	/** To which command. */
	command?: string;
}

const minuteMs = 60_000;
const longestMs = 60 * minuteMs;

/** `try again in 5 minutes`, as servers say that keep strangers waiting. */
function waitIn(text: string): number | undefined {
	const [, number, unit] = /\bin (\d{1,5}) ?(s|m)/i.exec(text) ?? [];
	if (!number) return undefined;
	return Math.min(Number(number) * (unit!.toLowerCase() === "m" ? minuteMs : 1000), longestMs);
}

/**
 * Only a reply to the reader's address or to the message itself is about this message. All others,
 * e.g. to a password, are for the shop to mend, and then the message goes out.
 */
export function refusalBySmtp({
	message,
	responseCode: code = 0,
	command = ""
}: SmtpError): Refusal {
	const reason = reasonOf(message);
	const retryAfterMs = waitIn(message);
	const wait = retryAfterMs !== undefined && { retryAfterMs };
	const isOfMessage = /^(RCPT TO|DATA)/.test(command);
	if (code >= 500 && code !== 503 && isOfMessage) return { kind: "permanent", reason };
	const isThrottled = code === 421 || (code === 454 && !command.startsWith("AUTH"));
	return { kind: isThrottled ? "throttled" : "temporary", reason, ...wait };
}
