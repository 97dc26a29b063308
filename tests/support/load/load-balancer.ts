import { setTimeout as delay } from "node:timers/promises";
import { KeepAliveClient, type KeepAliveOptions, type Reply } from "./keep-alive-client.ts";

interface Backend {
	readonly url: string;
	readonly idle: KeepAliveClient[];
	isReady: boolean;
}

const probeEveryMs = 200;

/**
 * Sends requests to gateways in turn, on connections that it keeps. It does what a load balancer does and no more: it asks
 * for readiness, and takes another gateway only where a connection was refused, so that nothing was sent.
 */
export class LoadBalancer {
	readonly #backends: Backend[];
	readonly #stop = new AbortController();
	readonly #probes: Promise<void>[];
	#next = 0;
	/** Queries whose connection ended without an answer go to another gateway, as load balancers do (for nginx the default). */
	repeatsQueries = false;

	constructor(urls: readonly string[]) {
		this.#backends = urls.map(url => ({ url, idle: [], isReady: false }));
		this.#probes = this.#backends.map(backend => this.#probe(backend));
	}

	/** True while every gateway says that it is ready. */
	get areAllReady(): boolean {
		return this.#backends.every(({ isReady }) => isReady);
	}

	/** @throws the system's error when a connection ended before the response, or no gateway takes one */
	async send(path: string, options?: KeepAliveOptions): Promise<Reply> {
		let refused: unknown;
		for (const backend of this.#inTurn())
			try {
				return await this.#sendTo(backend, path, options);
			} catch (error) {
				const isRefused = (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
				const isQuery = options?.method === undefined;
				if (!isRefused && !(this.repeatsQueries && isQuery)) throw error;
				backend.isReady = false;
				refused = error;
			}
		throw refused;
	}

	async close(): Promise<void> {
		this.#stop.abort();
		await Promise.all(this.#probes);
		for (const client of this.#backends.flatMap(({ idle }) => idle)) client.close();
	}

	/** Those that are ready first. */
	#inTurn(): Backend[] {
		const from = this.#next++ % this.#backends.length;
		const turned = [...this.#backends.slice(from), ...this.#backends.slice(0, from)];
		return turned.toSorted((a, b) => Number(b.isReady) - Number(a.isReady));
	}

	async #sendTo(backend: Backend, path: string, options?: KeepAliveOptions): Promise<Reply> {
		const client = backend.idle.pop() ?? new KeepAliveClient(backend.url);
		const reply = await client.send(path, options);
		backend.idle.push(client);
		return reply;
	}

	async #probe(backend: Backend): Promise<void> {
		const { signal } = this.#stop;
		while (!signal.aborted) {
			const client = new KeepAliveClient(backend.url);
			backend.isReady = await client.send("/health/ready").then(
				({ status }) => status === 200,
				() => false
			);
			client.close();
			await delay(probeEveryMs, undefined, { signal }).catch(() => undefined);
		}
	}
}
