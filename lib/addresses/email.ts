import { domainToASCII, domainToUnicode } from "node:url";

/** RFC 5321 (4.5.3.1), in octets. */
const maxLocalPart = 64;
const maxAddress = 254;

const localPart = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The domain in lower-case ASCII (A-labels of RFC 5891). Undefined unless it may have a mail server. */
function asciiDomain(domain: string): string | undefined {
	// URLs know more: percent-encoding, ports, and addresses as a single number.
	if (/[^\p{L}\p{M}\p{N}\p{Cf}.。．｡・·-]/u.test(domain)) return undefined;
	const ascii = domainToASCII(domain);
	const labels = ascii.split(".");
	const isName = labels.length > 1 && labels.every(part => label.test(part));
	// An A-label that is no punycode of a valid name has no Unicode form.
	if (/(?:^|\.)xn--/.test(domainToUnicode(ascii))) return undefined;
	return isName && !/^\d+$/.test(labels.at(-1)!) ? ascii : undefined;
}

/**
 * An e-mail address as it is stored and compared: lower case, its domain in ASCII. Undefined when it is none. Local
 * parts are ASCII, because few mail servers accept others (RFC 6531).
 */
export function storedEmail(address: string): string | undefined {
	const at = address.lastIndexOf("@");
	const local = address.slice(0, Math.max(at, 0)).toLowerCase();
	if (local.length > maxLocalPart || !localPart.test(local)) return undefined;
	const domain = asciiDomain(address.slice(at + 1));
	const stored = `${local}@${domain}`;
	return domain && stored.length <= maxAddress ? stored : undefined;
}

/** A stored address as people read it: its domain in Unicode (U-labels). */
export function shownEmail(stored: string): string {
	const at = stored.lastIndexOf("@");
	return `${stored.slice(0, at + 1)}${domainToUnicode(stored.slice(at + 1)) || stored.slice(at + 1)}`;
}
