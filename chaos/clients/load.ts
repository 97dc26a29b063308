import { setTimeout as sleep } from "node:timers/promises";
import { paidStatuses } from "../../contracts/order-status.ts";
import type { Customers } from "./customers.ts";
import type { Entry } from "../evidence/client-history.ts";
import { orderPlan, type OrderPlan, type StockedProducts } from "./order-plan.ts";

export interface LoadOptions {
	customers: Customers;
	seed: number;
	products: StockedProducts;
	/** Concurrent customers. */
	lanes: number;
	/** New orders per second, if the shop keeps up. */
	perSecond: number;
}

/** How long a customer follows an order before the next order. */
const maxFollowMs = 4000;

/** Orders from many customers. */
export class Load {
	readonly #options: LoadOptions;
	/** Every plan whose first request was sent. */
	readonly plans: OrderPlan[] = [];
	/** Orders that were answered 2xx, by their number in this run. */
	readonly accepted = new Map<number, string>();

	constructor(options: LoadOptions) {
		this.#options = options;
	}

	/** Runs while `wanted` returns true, then lets every customer finish. */
	async run(shouldContinue: () => boolean): Promise<void> {
		const { lanes } = this.#options;
		const startedAt = performance.now();
		await Promise.all(Array.from({ length: lanes }, () => this.#lane(startedAt, shouldContinue)));
	}

	/** After the storm: repeats every unanswered request about orders and refunds until it has a definite outcome. */
	async settle(withinMs: number): Promise<void> {
		const { customers, lanes } = this.#options;
		const end = performance.now() + withinMs;
		const queue = [...this.plans];
		const lane = async () => {
			for (let plan = queue.shift(); plan; plan = queue.shift()) {
				while (!(await this.#place(plan, 1)) && performance.now() < end) await sleep(200);
				const id = this.accepted.get(plan.n);
				if (!id) continue;
				const seen = await customers.getOrder(plan, id);
				while (!(await this.#refund(plan, seen, 1)) && performance.now() < end) await sleep(200);
				if (plan.returnsOrder) await customers.returnOrder(plan, id);
			}
		};
		await Promise.all(Array.from({ length: lanes }, lane));
	}

	async #lane(startedAt: number, shouldContinue: () => boolean): Promise<void> {
		const { seed, products, perSecond } = this.#options;
		while (shouldContinue()) {
			const plan = orderPlan(seed, this.plans.length, products);
			this.plans.push(plan);
			const dueMs = startedAt + (plan.n / perSecond) * 1000 - performance.now();
			if (dueMs > 0) await sleep(dueMs);
			await this.#runCustomer(plan);
		}
	}

	/** One customer with one order. */
	async #runCustomer(plan: OrderPlan): Promise<void> {
		const { customers } = this.#options;
		await this.#place(plan, plan.attempts);
		const id = this.accepted.get(plan.n);
		if (!id) return;
		const cancellation = this.#cancel(plan, id);
		await this.#refund(
			plan,
			await customers.pollUntilSettled(plan, id, maxFollowMs),
			plan.attempts
		);
		await cancellation;
		if (plan.refundedElsewhere > 0)
			await customers.refundElsewhere(plan, await customers.getOrder(plan, id));
		if (plan.hoards) await customers.hoard(plan, plan.hoards);
		if (plan.reusesKeys) await customers.reuseKeys(plan, id);
		if (plan.returnsOrder) await customers.returnOrder(plan, id);
	}

	/** @param seen the order as it was last seen. False while the outcome of a refund is unknown */
	async #refund(plan: OrderPlan, seen: Entry, attempts: number): Promise<boolean> {
		const isPaid = paidStatuses.has(seen.order_status ?? "");
		return !isPaid || this.#options.customers.refund(plan, seen, attempts);
	}

	async #cancel(plan: OrderPlan, id: string): Promise<void> {
		if (plan.cancelAfterMs === null) return;
		await sleep(plan.cancelAfterMs);
		await this.#options.customers.cancel(plan, id);
	}

	/** False while the outcome is unknown. */
	async #place(plan: OrderPlan, attempts: number): Promise<boolean> {
		const outcome = await this.#options.customers.place(plan, attempts);
		if (outcome?.phase === "ok") this.accepted.set(plan.n, outcome.order_id!);
		return outcome !== undefined;
	}
}
