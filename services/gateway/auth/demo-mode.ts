import type { IncomingMessage } from "node:http";
import { isIPv4 } from "node:net";
import { isLoopback } from "../../../lib/addresses/loopback.ts";

/** Headers by which proxies, load balancers and CDNs say that they pass a request on. */
const forwarding =
	/^(forwarded|via|(x-)?(original-)?forwarded(-.*)?|(x-)?(real|client|remote|cluster-client|true-client|proxyuser|originating)-(ip|addr|address)|true-client-ip|(cf|fastly|fly|akamai|cloudfront)-.*|cdn-loop|x-(envoy|azure|arr|appengine|amzn|amz-cf|original|rewrite|host|proxy)(-.*)?|proxy-.*)$/;

/** The host and the port of the only `Host` header, which is what the client believes to talk to. */
function namesThisShop({ headersDistinct, socket }: IncomingMessage): boolean {
	const hosts = headersDistinct.host ?? [];
	const [, name, port = "80"] =
		/^(localhost|[\d.]+|\[::1\])(?::(\d{1,5}))?$/i.exec(hosts[0] ?? "") ?? [];
	if (hosts.length !== 1 || name === undefined || Number(port) !== socket.localPort) return false;
	return !/^[\d.]+$/.test(name) || (isIPv4(name) && isLoopback(name));
}

/** No page of another site or port made a browser send it. Clients that are no browsers send neither header. */
function isOfOwnPage({ headersDistinct }: IncomingMessage): boolean {
	const { host, origin = [], "sec-fetch-site": sites = [] } = headersDistinct;
	const own = `http://${host?.[0]}`.toLowerCase();
	return (
		origin.every(value => value.toLowerCase() === own) &&
		sites.every(value => value === "same-origin" || value === "none")
	);
}

/**
 * True for a request that may act without a token in demo mode: one from a program or a page of this host that means this
 * shop. A request that a proxy passed on, whose `Host` is a foreign name (DNS rebinding), or that a page of another
 * origin caused is none.
 */
export function isLocal(req: IncomingMessage): boolean {
	const { remoteAddress } = req.socket;
	if (!remoteAddress || !isLoopback(remoteAddress)) return false;
	if (Object.keys(req.headers).some(name => forwarding.test(name))) return false;
	return namesThisShop(req) && isOfOwnPage(req);
}
