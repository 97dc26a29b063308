import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { LoadBalancer } from "./load-balancer.ts";
import { address } from "../shop/orders.ts";

/** A request that was answered, or whose connection ended before. */
export interface Outcome {
	isOrder: boolean;
	/** What was done to the shop when it was sent. */
	phase: string;
	/** `performance.now()` */
	sentAt: number;
	tookMs: number;
	/** undefined without an answer */
	status: number | undefined;
	/** The answer, or the error of the connection. */
	text: string;
}

export interface Rates {
	requestsPerS: number;
	/** As a part of these. */
	ordersPerS: number;
}

/** How long an order waits for its outcome. It is answered as `pending` afterwards. */
const waitS = 5;

const order = () => ({
	method: "POST",
	headers: { prefer: `wait=${waitS}`, "idempotency-key": randomUUID() },
	body: { items: [{ product_id: "prod-001", quantity: 1 }], shipping_address: address }
});

/** Customers who read the catalogue and order, at a constant rate: none waits for another's answer. */
export class SteadyLoad {
	readonly outcomes: Outcome[] = [];
	phase = "";
	readonly #balancer: LoadBalancer;
	readonly #underWay = new Set<Promise<void>>();
	readonly #sending: Promise<void>;
	#isOver = false;
	#lastOrder = "";

	constructor(balancer: LoadBalancer, { requestsPerS, ordersPerS }: Rates) {
		this.#balancer = balancer;
		this.#sending = (async () => {
			for (let n = 0; !this.#isOver; n++) {
				const request = this.#send(n % Math.round(requestsPerS / ordersPerS) === 0, n);
				this.#underWay.add(request);
				void request.finally(() => this.#underWay.delete(request));
				await delay(1000 / requestsPerS);
			}
		})();
	}

	/** Those that were not answered as they should be. */
	get failures(): Outcome[] {
		return this.outcomes.filter(({ isOrder, status }) => status !== (isOrder ? 201 : 200));
	}

	/** Sends no more and waits for every answer. */
	async stop(): Promise<this> {
		this.#isOver = true;
		await this.#sending;
		await Promise.all(this.#underWay);
		return this;
	}

	/** Ids of the orders that were placed. */
	get orders(): string[] {
		return this.outcomes
			.filter(({ isOrder, status }) => isOrder && status === 201)
			.map(({ text }) => (JSON.parse(text) as { id: string }).id);
	}

	/** The slowest answer of each phase in ms. */
	get slowestMs(): Record<string, number> {
		const phases = Object.groupBy(this.outcomes, ({ phase }) => phase);
		return Object.fromEntries(
			Object.entries(phases).map(([phase, of]) => [phase, quantile(of!, 1)])
		);
	}

	/** Every second query reads the last order. */
	#query(n: number): string {
		const last = n % 2 === 0 && this.#lastOrder;
		return last ? `/api/v1/orders/${last}` : "/api/v1/products?limit=1";
	}

	async #send(isOrder: boolean, n: number): Promise<void> {
		const sentAt = performance.now();
		const { phase } = this;
		const sent = isOrder
			? this.#balancer.send("/api/v1/orders", order())
			: this.#balancer.send(this.#query(n));
		const { status, text } = await sent.catch(error => ({
			status: undefined,
			text: String(error)
		}));
		this.outcomes.push({
			isOrder,
			phase,
			sentAt,
			tookMs: performance.now() - sentAt,
			status,
			text
		});
	}
}

/** How many outcomes there are by status, as text for a report. */
export function byStatus(outcomes: readonly Outcome[]): string {
	const groups = Object.groupBy(outcomes, ({ status }) => String(status ?? "no answer"));
	return Object.entries(groups)
		.map(([status, of]) => `${of!.length} × ${status}`)
		.join(", ");
}

/** The share (0 to 1) of `outcomes` below it is `tookMs`. */
export function quantile(outcomes: readonly Outcome[], share: number): number {
	const sorted = outcomes.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
	return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
}
