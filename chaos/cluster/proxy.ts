import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * What happens to the bytes:
 * - `pass`: they are forwarded
 * - `stall`: they wait and none is lost, as when packets are dropped for a while
 * - `reset`: every connection is reset, and every new one
 * - `half_open`: requests arrive and their responses are lost; the connections are reset afterwards
 * - `{ delayMs }`: they are forwarded so much later
 */
export type Mode = "pass" | "stall" | "reset" | "half_open" | { readonly delayMs: number };

/** One direction of a connection. */
class Pipe {
	readonly #from: Socket;
	readonly #to: Socket;
	readonly #isAnswer: boolean;
	readonly #mode: () => Mode | "silent";
	#queue = Promise.resolve();

	constructor(from: Socket, to: Socket, isAnswer: boolean, mode: () => Mode | "silent") {
		this.#from = from;
		this.#to = to;
		this.#isAnswer = isAnswer;
		this.#mode = mode;
		from
			.on("data", chunk => this.#take(chunk))
			.on("end", () => this.#after(0, () => this.#mode() !== "silent" && to.end()));
	}

	/** Pauses or resumes reading, by the current mode. */
	applyMode(): void {
		if (this.#mode() === "stall") this.#from.pause();
		else this.#from.resume();
	}

	#take(chunk: Buffer): void {
		const mode = this.#mode();
		if (mode === "silent" || (mode === "half_open" && this.#isAnswer)) return;
		if (typeof mode === "object") return this.#after(mode.delayMs, () => this.#write(chunk));
		this.#after(0, () => this.#write(chunk));
	}

	/** In order, also when the delay has just become shorter. */
	#after(delayMs: number, step: () => void): void {
		const due = performance.now() + delayMs;
		this.#queue = this.#queue.then(async () => {
			const left = due - performance.now();
			if (delayMs > 0 && left > 0) await new Promise(resolve => setTimeout(resolve, left));
			step();
		});
	}

	#write(chunk: Buffer): void {
		if (this.#to.destroyed || this.#to.write(chunk)) return;
		this.#from.pause();
		this.#to.once("drain", () => this.applyMode());
	}
}

interface Link {
	/** The client's connection, and the one to the server. */
	sockets: Socket[];
	pipes: Pipe[];
	isSilent: boolean;
}

/** A TCP proxy between one process and one server, which can fail as a network does. */
export class Proxy {
	readonly port: number;
	/** Where connections lead; changed when the server comes back on another port. */
	target: URL;
	readonly #server: Server;
	readonly #links = new Set<Link>();
	#mode: Mode = "pass";

	private constructor(server: Server, target: URL) {
		this.#server = server;
		this.port = (server.address() as AddressInfo).port;
		this.target = target;
		server.on("connection", socket => this.#connect(socket));
	}

	static async open(target: string): Promise<Proxy> {
		const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
		await once(server, "listening");
		return new Proxy(server, new URL(target));
	}

	/** The target's URL with the proxy's host and port. */
	get url(): string {
		const url = new URL(this.target);
		url.host = `127.0.0.1:${this.port}`;
		return url.toString().replace(/\/$/, "");
	}

	get mode(): Mode {
		return this.#mode;
	}

	/** Applies to current and new connections. */
	set mode(mode: Mode) {
		const lostAnswers = this.#mode === "half_open" && mode !== "half_open";
		this.#mode = mode;
		if (mode === "reset" || lostAnswers) this.cut();
		for (const { pipes } of this.#links) for (const pipe of pipes) pipe.applyMode();
	}

	/** Whether one of its connections comes from this port, as the server sees it. */
	owns(port: number): boolean {
		return [...this.#links].some(({ sockets }) => sockets[1]!.localPort === port);
	}

	/** Resets current connections: all, or one of `count` on average. */
	cut(isCut: () => boolean = () => true): void {
		for (const link of this.#links) if (isCut()) this.#drop(link);
	}

	/**
	 * From now on nothing passes on the current connections, no bytes and no end, and they are never reset: to each side
	 * the other is a host without power. New connections are not affected.
	 */
	silence(): void {
		for (const link of this.#links) {
			link.isSilent = true;
			for (const pipe of link.pipes) pipe.applyMode();
		}
	}

	async close(): Promise<void> {
		this.#server.close();
		this.cut();
		await once(this.#server, "close");
	}

	#connect(client: Socket): void {
		if (this.#mode === "reset") return void client.on("error", () => undefined).resetAndDestroy();
		const { hostname, port } = this.target;
		const server = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
		const mode = () => (link.isSilent ? "silent" : this.#mode);
		const pipes = [new Pipe(client, server, false, mode), new Pipe(server, client, true, mode)];
		const link: Link = { sockets: [client, server], pipes, isSilent: false };
		this.#links.add(link);
		const lose = () => link.isSilent || this.#drop(link);
		for (const socket of link.sockets)
			socket
				.setNoDelay(true)
				.on("error", lose)
				.on("close", hadError => (hadError || link.sockets.every(s => s.destroyed)) && lose());
		for (const pipe of pipes) pipe.applyMode();
	}

	#drop(link: Link): void {
		if (!this.#links.delete(link)) return;
		for (const socket of link.sockets)
			// Node would reset one that is not connected when it is, which may be never.
			if (socket.connecting) socket.destroy();
			else if (!socket.destroyed) socket.resetAndDestroy();
	}
}
