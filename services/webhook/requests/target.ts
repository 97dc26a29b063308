import { isIP } from "node:net";
import type { Networks } from "../../../lib/addresses/network.ts";
import { isPublicAddress } from "../../../lib/addresses/public-address.ts";
import { longestUrl } from "../../../contracts/webhook.ts";
import { invalid } from "../../../lib/errors.ts";

/** Where webhooks may lead: into the public internet by TLS, and into the networks of WEBHOOK_ALLOWED_NETWORKS. */

const hint = "WEBHOOK_ALLOWED_NETWORKS lists the exceptions";

/** The address of a URL with one, else undefined: a URL has IPv6 addresses in brackets. */
function literalAddress({ hostname }: URL): string | undefined {
	const bare = hostname.replace(/^\[|\]$/g, "");
	return isIP(bare) ? bare : undefined;
}

/** Names of this host (RFC 6761, section 6.3). */
const isLocalName = ({ hostname }: URL) => /(^|\.)localhost\.?$/.test(hostname);

/** Why requests by this protocol may not go to this address; undefined when they may. */
export function addressProblem(
	address: string,
	protocol: string,
	allowed: Networks
): string | undefined {
	if (allowed.has(address)) return undefined;
	if (!isPublicAddress(address)) return `${address} is no public address; ${hint}`;
	return protocol === "https:" ? undefined : `${address} is public, and http:// is not for that`;
}

function urlProblem(url: URL, allowed: Networks): string | undefined {
	if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https://";
	if (url.protocol === "http:" && allowed.isEmpty)
		return `must begin with https://; http:// is for private networks, and ${hint}`;
	if (url.username || url.password) return "must have no user and no password";
	if (url.hash) return "must have no fragment";
	const address = literalAddress(url) ?? (isLocalName(url) ? "127.0.0.1" : undefined);
	return address && addressProblem(address, url.protocol, allowed);
}

/**
 * The URL of a webhook in its normal form. Addresses behind a host name are checked by each connection.
 * @throws VALIDATION_FAILED
 */
export function targetUrl(text: string, allowed: Networks): string {
	const url = URL.parse(text);
	if (!url) return invalid("/url", "format", "must be a URL, like https://example.com/webhooks");
	const problem =
		url.href.length > longestUrl
			? `must have at most ${longestUrl} characters, with others than ASCII percent-encoded`
			: urlProblem(url, allowed);
	return problem ? invalid("/url", "target", problem) : url.href;
}
