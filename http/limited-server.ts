import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pause, within } from "../lib/retry.ts";
import { rejectConnect, rejectMalformed } from "./malformed.ts";
import { Connections, type ConnectionLimits } from "./connections.ts";

/** Of one server. All times in ms. */
export interface ServerLimits extends ConnectionLimits {
	/** An idle connection is closed after this. */
	readonly keepAliveMs: number;
	/** From the first byte of a request, or from connecting, to the end of its head. */
	readonly headMs: number;
	/** From the first byte of a request to its last. */
	readonly requestMs: number;
	/** How often the limits of a head and a request are checked. */
	readonly checkEveryMs: number;
}

const maxHeadBytes = 16_384;
/** At a stop a client gets this long to send the rest of a head, or to close a connection that has ended; in ms. */
const closeMs = 1000;

/** An HTTP server with limits on connections and times, which stops without resetting a client that it serves. */
export class HttpServer {
	readonly #server: Server;
	readonly #connections: Connections;

	constructor(serve: RequestListener, limits: ServerLimits) {
		// A request that was sent behind the last one of a connection has no effect, because it can get no response.
		const handler: RequestListener = (req, res) =>
			this.#connections.isEnding(req.socket) ? undefined : serve(req, res);
		this.#server = createServer(
			{
				// Counted from a request's first byte, so it may be less than the time that a connection stays idle.
				headersTimeout: limits.headMs,
				requestTimeout: limits.requestMs,
				connectionsCheckingInterval: limits.checkEveryMs,
				keepAliveTimeout: limits.keepAliveMs,
				maxHeaderSize: maxHeadBytes,
				// Node's own response to a request without Host has no body; http/request-form.ts responds.
				requireHostHeader: false
			},
			handler
		);
		// Node takes a connection for idle whose response is not sent yet.
		this.#server.closeIdleConnections = () => undefined;
		// Node drops headers beyond this number; http/request-form.ts refuses them instead.
		this.#server.maxHeadersCount = 0;
		// Node's own 417 has no body either.
		this.#server.on("checkExpectation", handler);
		// Node would ask for the body before the request is looked at.
		this.#server.on("checkContinue", (req, res) => {
			req.once("resume", () => !res.headersSent && res.writeContinue());
			handler(req, res);
		});
		this.#server.on("connect", (_req, socket) => {
			this.#connections.watch(socket as Socket);
			rejectConnect(socket as Socket, this.#connections.responsesOn(socket));
		});
		this.#server.on("clientError", (error, socket) => {
			if (this.#connections.isEnding(socket)) (socket as Socket).resetAndDestroy();
			else rejectMalformed(error, socket, this.#connections.responsesOn(socket));
		});
		this.#connections = new Connections(this.#server, limits);
		this.#server.timeout = limits.stallMs;
	}

	/** @throws the system's error when it cannot listen */
	async listen(port: number, host: string): Promise<void> {
		this.#server.listen(port, host);
		await once(this.#server, "listening");
	}

	/** For tests: the server's side of each connection. */
	onConnection(listener: (socket: Socket) => void): void {
		this.#server.on("connection", listener);
	}

	get isListening(): boolean {
		return this.#server.listening;
	}

	/** The port that was bound. */
	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/**
	 * Ends in two steps. For `delayMs` it still accepts connections, because load balancers see only some time later that
	 * this node is not ready; the handler sends `Connection: close` meanwhile. Then it accepts no more, closes what is
	 * idle, and gives the requests in progress `drainMs`, after which they are cut.
	 */
	async close({ delayMs, drainMs }: { delayMs: number; drainMs: number }): Promise<void> {
		if (!this.#server.listening) return;
		await pause(delayMs);
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#connections.closeUnused(false);
		const closing = setInterval(() => this.#connections.closeUnused(true), closeMs);
		await within(drainMs, closed);
		clearInterval(closing);
		this.#connections.closeAll();
		await closed;
	}
}
