import { setTimeout as sleep } from "node:timers/promises";
import type { Customers } from "./customers.ts";
import { orderScripts, type OrderScript, type OrderKind } from "./order-kinds.ts";
import { userCount, type OrderPlan } from "./order-plan.ts";

/** Products of a scenario. */
export type Goods = Readonly<Record<OrderScript["goods"] | "hoarded", string>>;

export interface ScriptedOrder {
	plan: OrderPlan;
	/** Undefined while its outcome is unknown. */
	id: string | undefined;
}

/** Longest wait for a response; only a shop that is down takes longer. */
const maxAttempts = 20;
const pauseMs = 200;
/** Customers who finish at the same time. */
const finishingLanes = 16;
const confirmedWithinMs = 20_000;
/** Order numbers above those of the load, so that customers and keys differ. */
const firstNumber = 1_000_000;

/** Orders of certain kinds, each with its own customer. */
export class ScriptedOrders {
	readonly #customers: Customers;
	readonly #goods: Goods;
	readonly #orders: ScriptedOrder[] = [];
	#count = firstNumber;

	constructor(customers: Customers, goods: Goods) {
		this.#customers = customers;
		this.#goods = goods;
	}

	/** Resolves when the customer has finished; the order may not have settled by then. */
	async run(kind: OrderKind): Promise<void> {
		const order = await this.place(kind);
		const { cancel } = orderScripts[kind];
		if (!order.id) return;
		if (order.plan.hoards) await this.#customers.hoard(order.plan, order.plan.hoards);
		if (order.plan.reusesKeys) await this.#customers.reuseKeys(order.plan, order.id);
		if (order.plan.returnsOrder) await this.#customers.returnOrder(order.plan, order.id);
		if (order.plan.refunds.length > 0) await this.#refund(order.plan, order.id);
		if (order.plan.refundedElsewhere > 0) {
			const seen = await this.#customers.pollUntilSettled(order.plan, order.id, confirmedWithinMs);
			await this.#customers.refundElsewhere(order.plan, seen);
		}
		if (!cancel) return;
		if (cancel === "while paying") await sleep(100);
		else await this.#customers.pollUntilSettled(order.plan, order.id, confirmedWithinMs);
		await this.cancel(order);
	}

	/** Repeats the request under one key until there is a response. */
	async place(kind: OrderKind): Promise<ScriptedOrder> {
		const plan = this.#plan(kind);
		const outcome = await retryUntilAnswered(() => this.#customers.place(plan, plan.attempts));
		if (plan.attempts > 1) await this.#customers.place({ ...plan, inParallel: false }, 2);
		const order = { plan, id: outcome?.order_id };
		this.#orders.push(order);
		return order;
	}

	async cancel({ plan, id }: ScriptedOrder): Promise<void> {
		if (!id) return;
		await retryUntilAnswered(async () =>
			(await this.#customers.cancel(plan, id)).find(({ phase }) => phase !== "unknown")
		);
	}

	/** The first refund alone, all concurrently, and the first again: its key is repeated after the payment has changed. */
	async #refund(plan: OrderPlan, id: string): Promise<void> {
		const seen = await this.#customers.pollUntilSettled(plan, id, confirmedWithinMs);
		const first = plan.refunds.slice(0, 1);
		for (const refunds of [first, plan.refunds, first]) {
			const asked = { ...plan, refunds };
			await retryUntilAnswered(
				async () => (await this.#customers.refund(asked, seen, 1)) || undefined
			);
		}
	}

	/** Every customer reads their order again and finishes their script. */
	async finishAll(): Promise<void> {
		const left = this.#orders.values();
		const lane = async () => {
			for (const { plan, id } of left)
				if (id) await this.#customers[plan.returnsOrder ? "returnOrder" : "getOrder"](plan, id);
		};
		await Promise.all(Array.from({ length: finishingLanes }, lane));
	}

	#plan(kind: OrderKind): OrderPlan {
		const {
			goods,
			payment_method,
			attempts,
			returnsOrder = false,
			reusesKeys = false,
			hoards = false,
			refunds = [],
			refundedElsewhere = 0
		} = orderScripts[kind];
		const n = this.#count++;
		const items = [{ product_id: this.#goods[goods], quantity: 1 }];
		const currency = goods === "abroad" ? "ISK" : "USD";
		const user = `load-${n % userCount}`;
		const request = { n, user, items, currency, payment_method, attempts, inParallel: true };
		const hoarded = hoards ? this.#goods.hoarded : null;
		const after = { cancelAfterMs: null, returnsOrder, reusesKeys, hoards: hoarded };
		return { ...request, ...after, refunds, refundedElsewhere };
	}
}

async function retryUntilAnswered<V>(once: () => Promise<V | undefined>): Promise<V | undefined> {
	for (let n = 0; n < maxAttempts; n++) {
		const found = await once();
		if (found) return found;
		await sleep(pauseMs);
	}
	return undefined;
}
