import { setTimeout as sleep } from "node:timers/promises";
import type { Customers } from "./customers.ts";
import { conducts, type Conduct, type Kind } from "./order-kinds.ts";
import { userCount, type OrderPlan } from "./order-plan.ts";

/** Products of a directed run. */
export type Goods = Readonly<Record<Conduct["goods"], string>>;

export interface Errand {
	plan: OrderPlan;
	/** Undefined when nobody knows what became of it. */
	id: string | undefined;
}

/** Who gets no answer for so long gives up; only a shop that is down is silent for longer. */
const tries = 20;
const pauseMs = 200;
const confirmedWithinMs = 20_000;
/** Beyond the numbers of the load, whose customers and keys would be the same. */
const firstNumber = 1_000_000;

/** Orders of certain kinds, each of a customer of its own. */
export class Errands {
	readonly #customers: Customers;
	readonly #goods: Goods;
	readonly #placed: Errand[] = [];
	#count = firstNumber;

	constructor(customers: Customers, goods: Goods) {
		this.#customers = customers;
		this.#goods = goods;
	}

	/** Resolves when the customer has done all; the order may not be at rest by then. */
	async run(kind: Kind): Promise<void> {
		const errand = await this.place(kind);
		const { cancel } = conducts[kind];
		if (!errand.id) return;
		if (errand.plan.sendsBack) await this.#customers.sendBack(errand.plan, errand.id);
		if (errand.plan.refunds.length > 0) await this.#payBack(errand.plan, errand.id);
		if (!cancel) return;
		if (cancel === "while paying") await sleep(100);
		else await this.#customers.follow(errand.plan, errand.id, confirmedWithinMs);
		await this.cancel(errand);
	}

	/** Asks under one key until there is an answer. */
	async place(kind: Kind): Promise<Errand> {
		const plan = this.#plan(kind);
		const outcome = await insist(() => this.#customers.place(plan, plan.attempts));
		if (plan.attempts > 1) await this.#customers.place({ ...plan, atOnce: false }, 2);
		const errand = { plan, id: outcome?.order_id };
		this.#placed.push(errand);
		return errand;
	}

	async cancel({ plan, id }: Errand): Promise<void> {
		if (!id) return;
		await insist(async () =>
			(await this.#customers.cancel(plan, id)).find(({ phase }) => phase !== "unknown")
		);
	}

	/** The first refund alone, then all side by side: its key comes again when the payment is another. */
	async #payBack(plan: OrderPlan, id: string): Promise<void> {
		const seen = await this.#customers.follow(plan, id, confirmedWithinMs);
		for (const refunds of [plan.refunds.slice(0, 1), plan.refunds]) {
			const asked = { ...plan, refunds };
			await insist(async () => (await this.#customers.payBack(asked, seen, 1)) || undefined);
		}
	}

	/** Every customer asks how the order stands, and finishes what he was about. */
	async lookAgain(): Promise<void> {
		for (const { plan, id } of this.#placed)
			if (id) await this.#customers[plan.sendsBack ? "sendBack" : "look"](plan, id);
	}

	#plan(kind: Kind): OrderPlan {
		const { goods, payment_method, attempts, sendsBack = false, refunds = [] } = conducts[kind];
		const n = this.#count++;
		const items = [{ product_id: this.#goods[goods], quantity: 1 }];
		const user = `load-${n % userCount}`;
		const request = { n, user, items, payment_method, attempts, atOnce: true };
		return { ...request, cancelAfterMs: null, sendsBack, refunds };
	}
}

async function insist<V>(once: () => Promise<V | undefined>): Promise<V | undefined> {
	for (let n = 0; n < tries; n++) {
		const found = await once();
		if (found) return found;
		await sleep(pauseMs);
	}
	return undefined;
}
