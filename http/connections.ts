import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { networkOf, type Networks } from "../lib/addresses/network.ts";

export interface ConnectionLimits {
	/** Connections at one time. */
	readonly maxConnections: number;
	/** Of one network (lib/addresses/network.ts); 0 is no limit. */
	readonly maxConnectionsOfNetwork: number;
	/** Their connections are those of many clients, so they have no share. */
	readonly trustedProxies: Networks;
	/** A response of which the client reads nothing for this long, or up to twice as long, is cut; in ms. */
	readonly stallMs: number;
	readonly observer?: ConnectionObserver;
}

/** A connection that was ended or refused because there were too many. */
export interface DroppedConnection {
	readonly limit: "all" | "network";
	readonly dropped: "oldest" | "new";
	/** Of the new connection; undefined for a trusted proxy. */
	readonly network: string | undefined;
}

export interface ConnectionObserver {
	/** Called with the number of open connections when it changes. */
	onCount(open: number): void;
	onDropped(connection: DroppedConnection): void;
}

interface Connection {
	readonly socket: Socket;
	/** Undefined for a trusted proxy. */
	readonly network: string | undefined;
	/** Responses that are not finished; several if the client sends requests without waiting. */
	readonly responses: Set<ServerResponse>;
	/** Bytes read when the last response was finished; 0 before the first request. */
	readAtIdle: number;
	requests: number;
	/** When it was opened, its last head arrived, its last response was finished or its end began; by `performance.now()`. */
	sinceMs: number;
	/** All is written, and the client has not closed its side yet. */
	isEnding: boolean;
}

/** True while the next request's head has not arrived, of which a byte was sent or which is the connection's first. */
function hasUnfinishedHead({ socket, responses, requests, readAtIdle }: Connection): boolean {
	return responses.size === 0 && (requests === 0 || socket.bytesRead > readAtIdle);
}

/** True while a body has not arrived that the response may depend on. */
const hasUnfinishedBody = ({ responses }: Connection) =>
	[...responses].some(({ req, headersSent }) => !req.complete && !headersSent);

/** In this time a client reads what the kernel still has of the last response, and closes its side; in ms. */
const endMs = 5000;

const ageMs = ({ sinceMs }: Connection) => performance.now() - sinceMs;

/** True while something is waited for that the client may never send. */
const isUnfinished = (connection: Connection) =>
	connection.isEnding
		? ageMs(connection) >= endMs
		: hasUnfinishedHead(connection) || hasUnfinishedBody(connection);

const isIdle = ({ responses, isEnding }: Connection) => responses.size === 0 && !isEnding;

/**
 * The connections of a server. When there are too many, in all or of one network, the one gives way that has waited
 * longest for the rest of a request or for its client to close, so that clients that send nothing cannot shut others out.
 */
export class Connections {
	readonly #limits: ConnectionLimits;
	readonly #open = new Map<Socket, Connection>();
	readonly #ofNetwork = new Map<string, number>();

	constructor(server: Server, limits: ConnectionLimits) {
		this.#limits = limits;
		server.on("connection", socket => this.#add(socket));
		for (const event of ["request", "checkExpectation", "checkContinue"] as const)
			server.on(event, (req: IncomingMessage, res: ServerResponse) => this.#serve(req.socket, res));
		server.on("timeout", socket => this.#onSilence(socket));
	}

	/** Responses on this connection that are not finished. */
	responsesOn(socket: Duplex): ServerResponse[] {
		return [...(this.#open.get(socket as Socket)?.responses ?? [])];
	}

	/** True when no response can be written any more: what still arrives is of no use. */
	isEnding(socket: Duplex): boolean {
		return this.#open.get(socket as Socket)?.isEnding ?? true;
	}

	/**
	 * For a server that closes: ends connections without a request, which includes those that never sent a byte.
	 * @param hasWaited ends also those that wait for the rest of a head, or for their client to close
	 */
	closeUnused(hasWaited: boolean): void {
		for (const connection of this.#open.values()) {
			const { socket, requests, readAtIdle, isEnding } = connection;
			const isSilent = socket.bytesRead === (requests === 0 ? 0 : readAtIdle);
			if (isIdle(connection) ? isSilent || hasWaited : isEnding && hasWaited) socket.destroy();
		}
	}

	/** Ends all of them. */
	closeAll(): void {
		for (const socket of this.#open.keys()) socket.destroy();
	}

	/** Cuts a connection that Node has handed over, and no longer watches, when its client reads nothing. */
	watch(socket: Socket): void {
		socket.setTimeout(this.#limits.stallMs);
		socket.on("timeout", () => this.#onSilence(socket));
	}

	#add(socket: Socket): void {
		const { trustedProxies, maxConnections, maxConnectionsOfNetwork: share } = this.#limits;
		const address = socket.remoteAddress ?? "";
		const network = trustedProxies.has(address) ? undefined : networkOf(address);
		const isOverShare = network !== undefined && share > 0 && this.#count(network) >= share;
		if (isOverShare && !this.#makeRoom("network", network)) return void socket.resetAndDestroy();
		if (this.#open.size >= maxConnections && !this.#makeRoom("all", network))
			return void socket.resetAndDestroy();
		const connection: Connection = {
			socket,
			network,
			responses: new Set(),
			readAtIdle: 0,
			requests: 0,
			sinceMs: performance.now(),
			isEnding: false
		};
		this.#open.set(socket, connection);
		if (network !== undefined) this.#ofNetwork.set(network, this.#count(network) + 1);
		this.#limits.observer?.onCount(this.#open.size);
		socket.once("close", () => this.#remove(socket));
		// Node calls it after the last response.
		socket.destroySoon = () => this.#finish(connection);
	}

	#serve(socket: Socket, res: ServerResponse): void {
		const connection = this.#open.get(socket);
		if (!connection) return;
		connection.requests++;
		if (!connection.isEnding) connection.sinceMs = performance.now();
		connection.responses.add(res);
		res.once("close", () => {
			connection.responses.delete(res);
			connection.readAtIdle = socket.bytesRead;
			if (!connection.isEnding) connection.sinceMs = performance.now();
		});
	}

	/**
	 * Closes this side when all is written, and then waits for the client's: after a plain close the kernel would keep what
	 * the client has not read for as long as the client answers, and nothing here would count it.
	 */
	#finish(connection: Connection): void {
		if (connection.isEnding) return;
		const { socket } = connection;
		connection.isEnding = true;
		connection.sinceMs = performance.now();
		socket.end(() => {
			const cut = setTimeout(() => socket.resetAndDestroy(), 2 * this.#limits.stallMs);
			socket.once("close", () => clearTimeout(cut));
		});
	}

	/**
	 * Nothing was sent or received for some time. Node calls this also when a connection was idle for as long as
	 * keep-alive allows. A request that takes long to serve is let be.
	 */
	#onSilence(socket: Socket): void {
		const connection = this.#open.get(socket);
		if (!connection || socket.writableLength > 0) socket.resetAndDestroy();
		else if (isIdle(connection)) this.#finish(connection);
	}

	#count(network: string): number {
		return this.#ofNetwork.get(network) ?? 0;
	}

	/** Resets the connection that is needed least, of all or of this network; false when there is none. */
	#makeRoom(limit: DroppedConnection["limit"], network: string | undefined): boolean {
		const found = this.#leastNeeded(limit === "all" ? undefined : network);
		const dropped = found ? "oldest" : "new";
		this.#limits.observer?.onDropped({ limit, dropped, network });
		if (!found) return false;
		found.socket.resetAndDestroy();
		this.#remove(found.socket);
		return true;
	}

	/**
	 * The unfinished one that has waited longest, or else the one that has been idle longest.
	 * @param network of the candidates; undefined for any
	 */
	#leastNeeded(network: string | undefined): Connection | undefined {
		let unfinished: Connection | undefined;
		let idle: Connection | undefined;
		const older = (one: Connection, other: Connection | undefined) =>
			!other || one.sinceMs < other.sinceMs;
		for (const connection of this.#open.values()) {
			if (network !== undefined && connection.network !== network) continue;
			if (isUnfinished(connection)) {
				if (older(connection, unfinished)) unfinished = connection;
			} else if (isIdle(connection) && connection.network !== undefined) {
				// Not of a proxy, which takes its idle connections for the next request: that would fail.
				if (older(connection, idle)) idle = connection;
			}
		}
		return unfinished ?? idle;
	}

	#remove(socket: Socket): void {
		const connection = this.#open.get(socket);
		if (!connection) return;
		this.#open.delete(socket);
		this.#limits.observer?.onCount(this.#open.size);
		const { network } = connection;
		if (network === undefined) return;
		const left = this.#count(network) - 1;
		if (left > 0) this.#ofNetwork.set(network, left);
		else this.#ofNetwork.delete(network);
	}
}
