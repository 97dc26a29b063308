import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { LoadBalancer } from "../servers/load-balancer.ts";
import { address } from "../shop/orders.ts";

/** Each n-th request places an order. */
const orderEvery = 3;

/** Requests of customers at a steady rate, whatever becomes of them. */
export class LightLoad {
	readonly #balancer: LoadBalancer;
	readonly #requestsPerS: number;
	readonly #running = new Set<Promise<void>>();
	readonly #loop: Promise<void>;
	#isOver = false;
	/** What is done to the shop, for the reports. */
	phase = "";
	/** A line for each request that did not succeed. */
	readonly failures: string[] = [];
	/** Ids of orders that were placed. */
	readonly orders: string[] = [];
	requests = 0;
	/** The longest request by phase, in ms. */
	readonly longestMs = new Map<string, number>();

	constructor(balancer: LoadBalancer, requestsPerS: number) {
		[this.#balancer, this.#requestsPerS] = [balancer, requestsPerS];
		this.#loop = this.#run();
	}

	/** Resolves when the last request has its response. */
	async stop(): Promise<void> {
		this.#isOver = true;
		await this.#loop;
		await Promise.all(this.#running);
	}

	async #run(): Promise<void> {
		for (let n = 0; !this.#isOver; n++) {
			const request = n % orderEvery === 0 ? this.#order() : this.#read(n);
			this.#running.add(request);
			void request.finally(() => this.#running.delete(request));
			await delay(1000 / this.#requestsPerS);
		}
	}

	async #order(): Promise<void> {
		const text = await this.#send("/api/v1/orders", 201, {
			method: "POST",
			headers: { "idempotency-key": randomUUID() },
			body: { items: [{ product_id: "prod-001", quantity: 1 }], shipping_address: address }
		});
		if (text !== undefined) this.orders.push((JSON.parse(text) as { id: string }).id);
	}

	async #read(n: number): Promise<void> {
		const order = this.orders.at(-1);
		const path = n % 2 === 0 && order ? `/api/v1/orders/${order}` : "/api/v1/products?limit=1";
		await this.#send(path, 200);
	}

	async #send(path: string, wanted: number, options = {}): Promise<string | undefined> {
		const { phase } = this;
		const from = performance.now();
		this.requests++;
		try {
			const { status, text } = await this.#balancer.send(path, options);
			if (status === wanted) return text;
			this.failures.push(`${phase}: ${path} ${status} ${text}`);
		} catch (error) {
			this.failures.push(`${phase}: ${path} ${String(error)}`);
		} finally {
			const tookMs = Math.round(performance.now() - from);
			this.longestMs.set(phase, Math.max(tookMs, this.longestMs.get(phase) ?? 0));
		}
		return undefined;
	}
}
