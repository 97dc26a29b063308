import fc from "fast-check";
import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { ReservationState } from "../../../contracts/product.ts";
import { settledStatuses } from "../../../contracts/order-status.ts";
import { transitions } from "../order.machine.ts";
import { SagaRunner, type Steps } from "./saga.runner.ts";
import type { AdvanceOutcome } from "./saga.decisions.ts";
import type { Advance, SagaRun } from "./steps.ts";

/**
 * The three services in memory, according to their contracts: every action is idempotent and returns the
 * recorded result. Faults occur before or after an effect (its response is lost), the customer cancels the order,
 * or Postgres crashes after a response and loses what was not flushed, while the node keeps running. Then any node
 * starts over. The invariants must hold after all of them.
 */

type Fault = "none" | "before" | "after" | "cancel" | "crash";

/** State that a crash of Postgres resets to its last synchronous commit. */
interface Volatile {
	status: OrderStatus;
	stock: ReservationState;
	visited: OrderStatus[];
}

class OrderSimulation {
	status: OrderStatus = "pending";
	reason: string | null = null;
	stock: ReservationState = "absent";
	payment: "absent" | "succeeded" | "failed" = "absent";
	failureCode: string | null = null;
	charged = 0;
	refunded = 0;
	cancelRequested = false;
	ended = false;
	fence = 1;
	incarnation = 1;
	visited: OrderStatus[] = ["pending"];
	#durable: Volatile = { status: "pending", stock: "absent", visited: ["pending"] };
	readonly #faults: Fault[];
	readonly #inStock: boolean;
	readonly #declined: boolean;

	constructor(faults: Fault[], inStock: boolean, declined: boolean) {
		this.#faults = [...faults];
		this.#inStock = inStock;
		this.#declined = declined;
	}

	/** As order.cancel does: a request while the outcome is open. */
	cancel(): void {
		if (this.status === "pending" || this.status === "payment_pending") this.cancelRequested = true;
	}

	/** A synchronous commit flushes every earlier one. */
	#flush(): void {
		const { status, stock, visited } = this;
		this.#durable = { status, stock, visited: [...visited] };
	}

	async #act<R>(effect: () => R, commit: "deferred" | "synchronous" = "deferred"): Promise<R> {
		const fault = this.#faults.shift() ?? "none";
		if (fault === "cancel") this.cancel();
		if (fault === "before") throw new Error("lost before");
		const result = effect();
		if (commit === "synchronous") this.#flush();
		if (fault === "crash") {
			Object.assign(this, { ...this.#durable, visited: [...this.#durable.visited] });
			this.incarnation++;
		}
		if (fault === "after") throw new Error("lost after");
		return result;
	}

	#charge() {
		this.#flush();
		if (this.payment === "absent") {
			this.payment = this.#declined ? "failed" : "succeeded";
			this.failureCode = this.#declined ? "card_declined" : null;
			if (!this.#declined) this.charged++;
		}
		return this.#outcome();
	}

	#outcome() {
		const ids = { order_id: "o", payment_id: "p" };
		return {
			...ids,
			status: this.payment,
			failure_code: this.failureCode,
			awaits_customer: false
		} as const;
	}

	#advance({ work, transition, yields, ends }: Advance): AdvanceOutcome {
		if (this.ended || work.fence !== this.fence) return "fenced";
		if (work.incarnation !== String(this.incarnation)) return "restart";
		if (yields && this.cancelRequested) return "cancel";
		if (this.status !== transition.from) return "restart";
		this.status = work.order.status = transition.to;
		this.reason = transition.reason ?? this.reason;
		this.visited.push(transition.to);
		this.ended = ends;
		return "done";
	}

	steps(): Steps {
		return {
			reserve: () =>
				this.#act(() => {
					if (this.stock === "absent") this.stock = this.#inStock ? "locked" : "out_of_stock";
					return this.stock;
				}),
			charge: () => this.#act(() => this.#charge()),
			void: () =>
				this.#act(() => {
					if (this.payment === "absent") {
						this.payment = "failed";
						this.failureCode = "voided";
					}
					return this.#outcome();
				}, "synchronous"),
			commit: () =>
				this.#act(() => {
					if (this.stock === "locked") this.stock = "committed";
					return this.stock;
				}),
			release: () =>
				this.#act(() => {
					if (this.stock === "locked" || this.stock === "absent") this.stock = "released";
					return this.stock;
				}),
			restock: () =>
				this.#act(() => {
					if (this.stock === "committed") this.stock = "returned";
					return this.stock;
				}, "synchronous"),
			refundOrder: () =>
				this.#act(() => {
					this.refunded = this.charged;
					return "refunded" as const;
				}, "synchronous"),
			refundReturn: () => Promise.reject(new Error("nothing comes back here")),
			restockReturn: () => Promise.reject(new Error("nothing comes back here")),
			beginPayment: item => this.#act(() => this.#advance(item)),
			commitTransition: item => this.#act(() => this.#advance(item), "synchronous"),
			reschedule: async () => undefined
		};
	}

	claim(first = false): SagaRun {
		const order = { id: "o", status: this.status, reason: this.reason } as Order;
		return {
			order,
			payment_method: "pm_card_visa",
			fence: first ? this.fence : ++this.fence,
			incarnation: String(this.incarnation),
			attempt: 0,
			waitsFor: null,
			step: this.status === "refund_pending" ? "refund" : "forward",
			cancelRequested: this.cancelRequested,
			overdue: false,
			returning: null,
			refundReported: 0
		};
	}
}

async function runToEnd(simulation: OrderSimulation): Promise<void> {
	for (let runs = 0; !simulation.ended; runs++) {
		if (runs > 100) throw new Error(`still ${simulation.status} after 100 runs`);
		await new SagaRunner({ steps: simulation.steps(), onError: () => undefined }).start(
			simulation.claim(runs === 0)
		);
	}
}

function expectInvariants(simulation: OrderSimulation): void {
	const { status, charged, refunded, stock } = simulation;
	expect(settledStatuses.has(status)).toBe(true);
	expect(charged).toBeLessThanOrEqual(1);
	expect(charged - refunded).toBe(status === "confirmed" ? 1 : 0);
	expect(stock === "committed").toBe(status === "confirmed");
	expect(stock).not.toBe("locked");
	simulation.visited.slice(1).forEach((to, index) => {
		expect(transitions[simulation.visited[index]!]).toContain(to);
	});
}

describe("the saga", () => {
	it("confirms an order with stock and a valid card", async () => {
		const simulation = new OrderSimulation([], true, false);
		await runToEnd(simulation);
		expect(simulation.visited).toEqual(["pending", "payment_pending", "confirmed"]);
		expectInvariants(simulation);
	});

	it.each([
		["out of stock", false, false, "cancelled", "out_of_stock"],
		["declined", true, true, "payment_failed", "card_declined"]
	])("ends an order that is %s", async (_, inStock, declined, status, reason) => {
		const simulation = new OrderSimulation([], inStock, declined);
		await runToEnd(simulation);
		expect(simulation).toMatchObject({ status, reason, charged: 0 });
		expectInvariants(simulation);
	});

	it("releases stock and refunds when the customer cancels after the charge", async () => {
		const faults: Fault[] = ["none", "none", "none", "cancel"];
		const simulation = new OrderSimulation(faults, true, false);
		await runToEnd(simulation);
		expect(simulation).toMatchObject({ status: "refunded", charged: 1, refunded: 1 });
		expect(simulation.stock).toBe("returned");
	});

	it("refunds when the stock was released before it was known that the charge had succeeded", async () => {
		const simulation = new OrderSimulation([], true, false);
		const left = { status: "payment_pending", stock: "released", payment: "succeeded", charged: 1 };
		Object.assign(simulation, left, { cancelRequested: true });
		await runToEnd(simulation);
		expect(simulation).toMatchObject({ status: "refunded", refunded: 1, stock: "released" });
	});

	it("never charges an order that was cancelled before its charge", async () => {
		const simulation = new OrderSimulation(["none", "none", "before"], true, false);
		await new SagaRunner({ steps: simulation.steps(), onError: () => undefined }).start(
			simulation.claim()
		);
		expect(simulation.status).toBe("payment_pending");
		simulation.cancel();
		await runToEnd(simulation);
		expect(simulation).toMatchObject({ status: "cancelled", reason: "requested", charged: 0 });
	});

	it("stops without another step once another node has the lease", async () => {
		const simulation = new OrderSimulation([], true, false);
		const stale = simulation.claim();
		simulation.fence++;
		const steps = simulation.steps();
		const charge = jest.spyOn(steps, "charge");
		await new SagaRunner({ steps, onError: () => undefined }).start(stale);
		expect(charge).not.toHaveBeenCalled();
		expect(simulation.status).toBe("pending");
	});

	it("keeps every invariant under any sequence of lost calls, crashes and cancellations", async () => {
		const fault = fc.constantFrom<Fault>("none", "none", "before", "after", "cancel", "crash");
		await fc.assert(
			fc.asyncProperty(
				fc.array(fault, { maxLength: 40 }),
				fc.boolean(),
				fc.boolean(),
				async (faults, inStock, declined) => {
					const simulation = new OrderSimulation(faults, inStock, declined);
					await runToEnd(simulation);
					expectInvariants(simulation);
				}
			),
			{ numRuns: 5000 }
		);
	});
});
