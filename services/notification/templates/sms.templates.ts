/** Three parts of 153 characters: the maximum length of a text message. */
const longest = 459;

/**
 * A text for phones: no-break spaces and dashes would reduce the parts to 70 characters (3GPP TS 23.038). Text
 * that is too long is shortened, but not the link at its end.
 */
export function toSms(short: string): string {
	const text = short.replace(/[\u00a0\u202f]/g, " ").replace(/[\u2010-\u2015]/g, "-");
	if (text.length <= longest) return text;
	const last = text.slice(text.lastIndexOf(" "));
	const end = /^ https?:/.test(last) && last.length < longest / 2 ? last : "";
	return `${text.slice(0, longest - end.length - 3).toWellFormed()}...${end}`;
}
