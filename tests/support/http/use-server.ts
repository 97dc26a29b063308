import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { HttpServer, type ServerLimits } from "../../../http/limited-server.ts";
import { Networks } from "../../../lib/addresses/network.ts";
import { poll } from "../../../lib/retry.ts";

const none: ServerLimits = {
	keepAliveMs: 60_000,
	headMs: 60_000,
	requestMs: 60_000,
	stallMs: 60_000,
	checkEveryMs: 20,
	maxConnections: 100,
	maxConnectionsOfNetwork: 0,
	trustedProxies: new Networks([])
};

/** A client's connection, with what it has read and whether it has ended. */
export class Peer {
	readonly socket: Socket;
	text = "";
	isClosed = false;
	errorCode: string | undefined;

	constructor(port: number, reads = true) {
		this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
		this.socket.on("error", (error: NodeJS.ErrnoException) => (this.errorCode = error.code));
		this.socket.once("close", () => (this.isClosed = true));
		if (reads) this.socket.on("data", chunk => (this.text += chunk));
	}

	/** Resolves also when the server refuses it. */
	async connected(): Promise<this> {
		await Promise.race([once(this.socket, "connect"), once(this.socket, "close")]).catch(() => {});
		return this;
	}

	send(text: string): this {
		this.socket.write(text);
		return this;
	}

	/** Waits until it has read so many responses. */
	async answers(count: number): Promise<string[]> {
		const found = () => this.text.match(/HTTP\/1\.1 \d{3}.*$/gm) ?? [];
		await poll(() => found().length >= count || this.isClosed, { everyMs: 5, withinMs: 20_000 });
		return found();
	}

	async ended(): Promise<boolean> {
		return poll(() => this.isClosed || this.socket.readableEnded, { everyMs: 5, withinMs: 20_000 });
	}
}

const ok: RequestListener = (_req, res) => res.end("ok");
/** Responds when the whole request has arrived. */
export const readAll: RequestListener = (req, res) =>
	void req.on("end", () => res.end("ok")).resume();
export const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
export const isAnswered = async (peer: Peer) => (await peer.send(get).answers(1)).length === 1;

/** A server on a free port for the tests of a `describe`, and clients of it. Registers the hook that ends them. */
export function useServer() {
	let server: HttpServer;
	let peers: Peer[] = [];
	/** What the server still has open: of those that it has ended it must keep nothing. */
	const accepted = new Set<Socket>();

	afterEach(async () => {
		for (const { socket } of peers) socket.destroy();
		peers = [];
		await server.close({ delayMs: 0, drainMs: 0 });
		accepted.clear();
	});

	const peer = async (reads = true) => {
		const made = new Peer(server.port, reads);
		peers.push(made);
		return made.connected();
	};
	return {
		accepted,
		peer,
		crowd: (count: number) => Promise.all(Array.from({ length: count }, () => peer())),
		/** All clients of this test. */
		peers: () => peers,
		server: () => server,
		async start(limits: Partial<ServerLimits>, handler = ok) {
			server = new HttpServer(handler, { ...none, ...limits });
			server.onConnection(socket => {
				accepted.add(socket);
				socket.once("close", () => accepted.delete(socket));
			});
			await server.listen(0, "127.0.0.1");
		}
	};
}
