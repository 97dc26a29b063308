import type { Refusal } from "../notification.decisions.ts";
import { reasonOf } from "../reason.decisions.ts";

/** Properties of a nodemailer error. */
export interface SmtpError {
	message: string;
	/** Of the server's last reply (RFC 5321, 4.2), if there was one. */
	responseCode?: number;
	/** The command that it replied to. */
	command?: string;
}

const minuteMs = 60_000;
const longestMs = 60 * minuteMs;

/** `try again in 5 minutes`, as greylisting servers write. */
function waitIn(text: string): number | undefined {
	const [, number, unit] = /\bin (\d{1,5}) ?(s|m)/i.exec(text) ?? [];
	if (!number) return undefined;
	return Math.min(Number(number) * (unit!.toLowerCase() === "m" ? minuteMs : 1000), longestMs);
}

/**
 * Only a reply to RCPT or DATA is about this message. All others, e.g. to AUTH, are temporary: they can be
 * repaired, and then the message is sent.
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
