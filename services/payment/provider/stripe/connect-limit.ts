import { Agent as HttpAgent, type ClientRequestArgs } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";

/** Longest wait (ms) for the address, the connection and its TLS handshake together. */
const connectWithinMs = 3000;

type Connection = Duplex | null | undefined;

function giveUpUnless(connected: "connect" | "secureConnect", socket: Connection): Connection {
	const fail = () => {
		const text = `there was no connection after ${connectWithinMs} ms`;
		socket?.destroy(Object.assign(new Error(text), { code: "EHOSTUNREACH" }));
	};
	const timer = setTimeout(fail, connectWithinMs).unref();
	for (const event of [connected, "close"]) socket?.once(event, () => clearTimeout(timer));
	return socket;
}

class LimitedHttp extends HttpAgent {
	override createConnection(...args: [ClientRequestArgs]) {
		return giveUpUnless("connect", super.createConnection(...args));
	}
}

class LimitedHttps extends HttpsAgent {
	override createConnection(...args: [ClientRequestArgs]) {
		return giveUpUnless("secureConnect", super.createConnection(...args));
	}
}

/**
 * Connections that are made soon or not at all. The SDK limits only the wait for a response on a connection that is
 * there: a connection that came about after minutes would send its request then, when it counts as never sent.
 */
export const limitedConnections = (protocol: "http" | "https") =>
	protocol === "http"
		? new LimitedHttp({ keepAlive: true })
		: new LimitedHttps({ keepAlive: true });
