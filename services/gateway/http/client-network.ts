import type { IncomingMessage } from "node:http";
import { networkOf, plainAddress, type Networks } from "../../../lib/addresses/network.ts";

/** Shared by clients that are gone before their request is looked at: their responses go nowhere. */
const gone = "gone";

/** `1.2.3.4`, `1.2.3.4:80`, `[2001:db8::1]`, `[2001:db8::1]:80` or `2001:db8::1`, as proxies write it. */
function hopOf(entry: string): string | undefined {
	const [, bracketed, withPort] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(entry) ?? [];
	return plainAddress(bracketed ?? withPort ?? entry);
}

/**
 * The network of the client that sent a request (`networkOf`). `X-Forwarded-For` counts only if the other end of the
 * connection is a trusted proxy. It is read from the right, where each proxy appends the address of its own client: the
 * first address that is no trusted proxy is the client's, and what stands to the left of it is the client's own claim.
 * An entry that is no address makes the whole header void.
 */
export function clientNetwork(req: IncomingMessage, trustedProxies: Networks): string {
	const peer = req.socket.remoteAddress ?? "";
	let client = peer;
	const forwarded = req.headersDistinct["x-forwarded-for"]?.join() ?? "";
	const hops = forwarded === "" ? [] : forwarded.split(",");
	while (hops.length > 0 && trustedProxies.has(client)) {
		const hop = hopOf(hops.pop()!.trim());
		if (hop === undefined) return networkOf(peer) ?? gone;
		client = hop;
	}
	return networkOf(client) ?? gone;
}
