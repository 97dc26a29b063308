import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { networkOf, type Networks } from "../../../lib/addresses/network.ts";

export interface ConnectionLimits {
	/** Connections at one time. */
	readonly maxConnections: number;
	/** Of one network (lib/addresses/network.ts); 0 is no limit. */
	readonly maxConnectionsOfNetwork: number;
	/** Their connections are those of many clients, so they have no share. */
	readonly trustedProxies: Networks;
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
}

/** True while the next request's head has not arrived, of which a byte was sent or which is the connection's first. */
function hasUnfinishedHead({ socket, responses, requests, readAtIdle }: Connection): boolean {
	return responses.size === 0 && (requests === 0 || socket.bytesRead > readAtIdle);
}

const isIdle = ({ responses }: Connection) => responses.size === 0;

/**
 * The connections of a server, the oldest first. When there are too many, in all or of one network, the oldest whose
 * request's head is unfinished gives way, so clients that connect and send nothing cannot shut others out.
 */
export class Connections {
	readonly #limits: ConnectionLimits;
	readonly #open = new Map<Socket, Connection>();
	readonly #ofNetwork = new Map<string, number>();

	constructor(server: Server, limits: ConnectionLimits) {
		this.#limits = limits;
		server.on("connection", socket => this.#add(socket));
		for (const event of ["request", "checkExpectation"] as const)
			server.on(event, (req: IncomingMessage, res: ServerResponse) => this.#serve(req.socket, res));
		server.on("timeout", socket => this.#onSilence(socket));
	}

	/** Responses on this connection that are not finished. */
	responsesOn(socket: Duplex): ServerResponse[] {
		return [...(this.#open.get(socket as Socket)?.responses ?? [])];
	}

	/** Closes connections without a request, which includes those that never sent a byte. */
	closeUnused(): void {
		for (const { socket, responses, requests, readAtIdle } of this.#open.values())
			if (responses.size === 0 && socket.bytesRead === (requests === 0 ? 0 : readAtIdle))
				socket.destroy();
	}

	#add(socket: Socket): void {
		const { trustedProxies, maxConnections, maxConnectionsOfNetwork: share } = this.#limits;
		const address = socket.remoteAddress ?? "";
		const network = trustedProxies.has(address) ? undefined : networkOf(address);
		const isOverShare = network !== undefined && share > 0 && this.#count(network) >= share;
		if (isOverShare && !this.#makeRoom("network", network)) return void socket.resetAndDestroy();
		if (this.#open.size >= maxConnections && !this.#makeRoom("all", network))
			return void socket.resetAndDestroy();
		this.#open.set(socket, { socket, network, responses: new Set(), readAtIdle: 0, requests: 0 });
		if (network !== undefined) this.#ofNetwork.set(network, this.#count(network) + 1);
		this.#limits.observer?.onCount(this.#open.size);
		socket.once("close", () => this.#remove(socket));
	}

	#serve(socket: Socket, res: ServerResponse): void {
		const connection = this.#open.get(socket);
		if (!connection) return;
		connection.requests++;
		connection.responses.add(res);
		res.once("close", () => {
			connection.responses.delete(res);
			connection.readAtIdle = socket.bytesRead;
		});
	}

	/**
	 * Nothing was sent or received for some time. Node calls this also when a connection was idle for as long as
	 * keep-alive allows. A request that takes long to serve is let be.
	 */
	#onSilence(socket: Socket): void {
		const connection = this.#open.get(socket);
		// Reset, because the kernel would keep what was written for minutes after a close.
		if (socket.writableLength > 0) socket.resetAndDestroy();
		else if (!connection || isIdle(connection)) socket.destroy();
	}

	#count(network: string): number {
		return this.#ofNetwork.get(network) ?? 0;
	}

	/** Ends the oldest connection that is not needed, of all or of this network; false when there is none. */
	#makeRoom(limit: DroppedConnection["limit"], network: string | undefined): boolean {
		const oldest = this.#leastNeeded(limit === "all" ? undefined : network);
		const dropped = oldest ? "oldest" : "new";
		this.#limits.observer?.onDropped({ limit, dropped, network });
		if (!oldest) return false;
		oldest.socket.destroy();
		this.#remove(oldest.socket);
		return true;
	}

	/** @param network of the candidates; undefined for any */
	#leastNeeded(network: string | undefined): Connection | undefined {
		let idle: Connection | undefined;
		for (const connection of this.#open.values()) {
			if (network !== undefined && connection.network !== network) continue;
			if (hasUnfinishedHead(connection)) return connection;
			// A proxy takes its idle connections for the next request, which would fail.
			if (isIdle(connection) && connection.network !== undefined) idle ??= connection;
		}
		return idle;
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
