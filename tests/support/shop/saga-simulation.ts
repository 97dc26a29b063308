import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { ReservationState } from "../../../contracts/product.ts";
import * as decisions from "../../../services/order/saga/saga.decisions.ts";
import type { AdvanceOutcome, Answers } from "../../../services/order/saga/saga.decisions.ts";
import {
	cancelDecisions,
	decideCancel,
	canTransition
} from "../../../services/order/order.machine.ts";
import {
	SagaRunner,
	type Decisions,
	type Steps
} from "../../../services/order/saga/saga.runner.ts";
import type { Advance, SagaRun } from "../../../services/order/saga/steps.ts";

/**
 * Order, product and payment service in memory, according to their contracts, with two nodes that run
 * the real saga. Every effect waits until the test lets it run, loses it or loses its response; so
 * the test chooses the interleaving.
 */

export const cards = ["good", "declined", "slow_good", "slow_bad", "odd_good", "odd_bad"] as const;
export type Card = (typeof cards)[number];

/** Guards that a test may leave out. */
export interface SagaDefects {
	/** A stale run's step is committed as if the order still had that run's status. */
	noFence?: boolean;
	/** Releasing an unknown reservation leaves no tombstone for a late reserve. */
	noTombstone?: boolean;
	/** Voiding an unknown charge leaves no tombstone for a late charge. */
	noVoidMarker?: boolean;
	/** Every attempt to charge has its own key. */
	newKeys?: boolean;
	/** Every attempt to refund a return has its own key. */
	newPurposes?: boolean;
	/** A return is restocked as often as it is requested. */
	noReturnKey?: boolean;
	decisions?: Decisions;
}

interface Sale {
	id: string;
	units: number;
	card: Card;
	status: OrderStatus;
	visited: OrderStatus[];
	saga: { step: SagaRun["step"]; fence: number; asleep: boolean } | null;
	cancelRequested: boolean;
	stock: ReservationState;
	payment: Answers["charge"]["status"];
	failureCode: string | null;
	/** The provider, or staff, have decided about an open charge. */
	decided: boolean;
	charged: number;
	refunded: number;
	returnRefunded: boolean;
	restocked: number;
}

interface InFlight {
	node: number;
	apply(): unknown;
	resolve(answer: unknown): void;
	reject(error: Error): void;
}

export type EffectOutcome = "done" | "answer lost" | "not done";

const isGood = ({ card }: Sale) => card.endsWith("good");
const nodes = [0, 1];

export class SagaSimulation {
	readonly initial: number;
	onHand: number;
	reserved = 0;
	readonly sales = new Map<string, Sale>();
	readonly #faults: SagaDefects;
	readonly #sagas: SagaRunner[];
	#inFlight: InFlight[] = [];

	constructor(units: number, faults: SagaDefects = {}) {
		this.initial = this.onHand = units;
		this.#faults = faults;
		this.#sagas = nodes.map(
			node =>
				new SagaRunner({
					steps: this.#steps(node),
					onError: () => undefined,
					decisions: faults.decisions ?? decisions
				})
		);
	}

	/** Under one key there is one order; the same request again returns the same. */
	async place(key: string, units: number, card: Card): Promise<string> {
		const before = this.sales.get(key);
		if (before) return before.id;
		const sale: Sale = {
			id: `order of ${key}`,
			units,
			card,
			status: "pending",
			visited: ["pending"],
			saga: { step: "forward", fence: 1, asleep: false },
			cancelRequested: false,
			stock: "absent",
			payment: "absent",
			failureCode: null,
			decided: false,
			charged: 0,
			refunded: 0,
			returnRefunded: false,
			restocked: 0
		};
		this.sales.set(key, sale);
		await this.#start(0, sale);
		return sale.id;
	}

	/** As order.cancel does, in one transaction. */
	cancel(key: string): void {
		const sale = this.sales.get(key);
		if (!sale || cancelDecisions[sale.status] === "refuse") return;
		const decision = decideCancel(sale.status);
		if (decision === "ask_saga") {
			sale.cancelRequested = true;
		} else if (decision === "refund") {
			this.#move(sale, "refund_pending");
			sale.saga = { step: "refund", fence: 1, asleep: true };
		}
	}

	/** All of a confirmed order is delivered. */
	deliver(key: string): void {
		const sale = this.sales.get(key);
		if (sale?.status !== "confirmed") return;
		this.#move(sale, "shipped");
		this.#move(sale, "delivered");
	}

	/** All of a delivered order is returned, and staff approve it. */
	returnOrder(key: string): void {
		const sale = this.sales.get(key);
		if (sale?.status !== "delivered") return;
		this.#move(sale, "return_requested");
		sale.saga = { step: "return", fence: 1, asleep: true };
	}

	/** Open charges at the provider or in review are decided now. */
	decide(key: string): void {
		const sale = this.sales.get(key);
		if (!sale || sale.decided || (sale.payment !== "processing" && sale.payment !== "review"))
			return;
		sale.decided = true;
		// In review the provider has already decided; only the shop does not know the outcome.
		if (sale.payment === "processing" && isGood(sale)) sale.charged++;
	}

	/** Another node claims the order, whether its node is dead, stopped, or only slow. */
	async takeOver(key: string, node: number): Promise<void> {
		const sale = this.sales.get(key);
		if (!sale?.saga) return;
		sale.saga = { ...sale.saga, fence: sale.saga.fence + 1, asleep: false };
		await this.#start(node, sale);
	}

	/** Completes one pending effect. */
	async finishEffect(index: number, outcome: EffectOutcome): Promise<void> {
		const [effect] = this.#inFlight.splice(index % Math.max(this.#inFlight.length, 1), 1);
		if (!effect) return;
		const answer = outcome === "not done" ? undefined : effect.apply();
		if (outcome === "done") effect.resolve(answer);
		else effect.reject(new Error(outcome));
		await nextTurn();
	}

	/** SIGKILL: some of the node's pending effects are done and some are not; the node does not continue. */
	crash(node: number, applied: boolean): void {
		const mine = this.#inFlight.filter(effect => effect.node === node);
		this.#inFlight = this.#inFlight.filter(effect => effect.node !== node);
		if (applied) for (const effect of mine) effect.apply();
	}

	/** No more faults: every order settles. @param staleFirst which of two runs is quicker */
	async settleAll(staleFirst: boolean): Promise<void> {
		for (let turns = 0; turns < 500; turns++) {
			for (const key of this.sales.keys()) this.decide(key);
			const open = [...this.sales].find(([, sale]) => sale.saga !== null);
			if (this.#inFlight.length > 0)
				await this.finishEffect(staleFirst ? 0 : this.#inFlight.length - 1, "done");
			else if (open) await this.takeOver(open[0], turns % nodes.length);
			else return;
		}
		throw new Error("an accepted order does not end");
	}

	async #start(node: number, sale: Sale): Promise<void> {
		const { step, fence } = sale.saga!;
		const order = { id: sale.id, status: sale.status } as Order;
		const { cancelRequested } = sale;
		const work = {
			order,
			payment_method: "",
			fence,
			incarnation: null,
			attempt: 0,
			waitsFor: null,
			step
		};
		const returning = step === "return" ? ({ restock: true } as SagaRun["returning"]) : null;
		void this.#sagas[node]!.start({
			...work,
			cancelRequested,
			overdue: false,
			returning,
			refundReported: 0
		});
		await nextTurn();
	}

	#steps(node: number): Steps {
		const gate =
			<R>(act: (sale: Sale) => R) =>
			({ order }: SagaRun) =>
				new Promise<R>((resolve, reject) => {
					const apply = () => act(this.#saleOf(order.id));
					this.#inFlight.push({ node, apply, resolve: resolve as InFlight["resolve"], reject });
				});
		const advance = (item: Advance) => {
			const moved = gate(sale => this.#advance(sale, item))(item.work);
			return moved.then(outcome => {
				if (outcome === "done") item.work.order.status = item.transition.to;
				return outcome;
			});
		};
		return {
			reserve: gate(sale => this.#reserve(sale)),
			charge: gate(sale => this.#charge(sale)),
			void: gate(sale => this.#void(sale)),
			commit: gate(sale => this.#stockMove(sale, "locked", "committed", -1, -1)),
			release: gate(sale => this.#release(sale)),
			restock: gate(sale => this.#stockMove(sale, "committed", "returned", 1, 0)),
			refundOrder: gate(sale => {
				sale.refunded = sale.charged;
				return "refunded" as const;
			}),
			refundReturn: gate(sale => this.#refundReturn(sale)),
			restockReturn: gate(sale => this.#restockReturn(sale)),
			beginPayment: advance,
			commitTransition: advance,
			reschedule: ({ work }) => gate(sale => this.#reschedule(sale, work))(work)
		};
	}

	#saleOf(id: string): Sale {
		return [...this.sales.values()].find(sale => sale.id === id)!;
	}

	#reserve(sale: Sale): ReservationState {
		if (sale.stock !== "absent") return sale.stock;
		const fits = this.onHand - this.reserved >= sale.units;
		if (fits) this.reserved += sale.units;
		return (sale.stock = fits ? "locked" : "out_of_stock");
	}

	#stockMove(
		sale: Sale,
		from: ReservationState,
		to: ReservationState,
		onHand: number,
		reserved: number
	) {
		if (sale.stock !== from) return sale.stock;
		this.onHand += onHand * sale.units;
		this.reserved += reserved * sale.units;
		return (sale.stock = to);
	}

	#release(sale: Sale): ReservationState {
		if (sale.stock === "absent" && !this.#faults.noTombstone) sale.stock = "released";
		return this.#stockMove(sale, "locked", "released", 0, -1);
	}

	#charge(sale: Sale): Answers["charge"] {
		if (sale.payment === "processing" && this.#faults.newKeys && isGood(sale)) sale.charged++;
		if (sale.payment === "absent") {
			const [speed] = sale.card.split("_");
			sale.payment = speed === "odd" ? "review" : "processing";
			sale.decided = sale.card === "good" || sale.card === "declined";
			if (isGood(sale) && speed !== "slow") sale.charged++;
		}
		return this.#lookUp(sale);
	}

	#void(sale: Sale): Answers["void"] {
		if (sale.payment === "absent" && this.#faults.noVoidMarker)
			return { status: "failed", failure_code: "voided", awaits_customer: false };
		if (sale.payment === "absent") {
			sale.payment = "failed";
			sale.failureCode = "voided";
		}
		return this.#lookUp(sale);
	}

	#refundReturn(sale: Sale): Answers["refund_return"] {
		if (!sale.returnRefunded || this.#faults.newPurposes) sale.refunded++;
		sale.returnRefunded = true;
		return "refunded";
	}

	#restockReturn(sale: Sale): Answers["restock_return"] {
		if (sale.restocked > 0 && !this.#faults.noReturnKey) return "restocked";
		sale.restocked += sale.units;
		this.onHand += sale.units;
		return "restocked";
	}

	#lookUp(sale: Sale): Answers["charge"] {
		if (sale.decided && (sale.payment === "processing" || sale.payment === "review")) {
			sale.payment = isGood(sale) ? "succeeded" : "failed";
			sale.failureCode = isGood(sale) ? null : "card_declined";
		}
		const { payment: status, failureCode: failure_code } = sale;
		return { status, failure_code, awaits_customer: false };
	}

	#isStale({ saga }: Sale, { fence }: SagaRun): boolean {
		return !this.#faults.noFence && saga?.fence !== fence;
	}

	#advance(sale: Sale, { work, transition, yields, ends }: Advance): AdvanceOutcome {
		if (this.#isStale(sale, work)) return "fenced";
		if (yields && sale.cancelRequested) return "cancel";
		if (sale.status !== transition.from && !this.#faults.noFence) return "restart";
		this.#move(sale, transition.to);
		if (ends) sale.saga = null;
		else if (sale.saga && transition.to === "refund_pending") sale.saga.step = "refund";
		return "done";
	}

	#move(sale: Sale, to: OrderStatus): void {
		sale.status = to;
		sale.visited.push(to);
	}

	#reschedule(sale: Sale, work: SagaRun): void {
		if (sale.saga && !this.#isStale(sale, work)) sale.saga.asleep = true;
	}

	/** The first violated invariant; `atRest` adds those of settled orders. */
	violation(atRest = false): string | undefined {
		const sales = [...this.sales.values()];
		const units = (state: ReservationState) =>
			sales.filter(({ stock }) => stock === state).reduce((sum, sale) => sum + sale.units, 0);
		if (this.reserved < 0 || this.reserved > this.onHand) return "stock is oversold";
		if (this.reserved !== units("locked")) return "reserved units do not add up";
		const back = sales.reduce((sum, { restocked }) => sum + restocked, 0);
		if (this.onHand !== this.initial - units("committed") + back)
			return "units on hand do not add up";
		if (atRest && this.reserved > 0) return "units stay locked";
		for (const sale of sales) {
			const found = violationOf(sale, atRest);
			if (found) return `${sale.id}: ${found} (${sale.visited.join(" → ")})`;
		}
		return undefined;
	}
}

const sold: readonly OrderStatus[] = ["confirmed", "shipped", "delivered"];

function violationOf(sale: Sale, atRest: boolean) {
	const { status, charged, refunded, stock, visited, units, restocked } = sale;
	const net = charged - refunded;
	if (charged > 1) return "is charged twice";
	if (refunded > charged) return "is refunded twice";
	if (restocked > units) return "is restocked twice";
	if (sold.includes(status) && net !== 1) return "is confirmed without its payment";
	if (sold.includes(status) && stock !== "committed") return "is confirmed without its units";
	if (["cancelled", "payment_failed", "refunded", "returned"].includes(status) && net !== 0)
		return `is ${status} and charged`;
	if (status === "returned" && restocked !== units) return "is returned and not restocked";
	const illegalStep = visited.findIndex(
		(to, index) => index > 0 && !canTransition(visited[index - 1]!, to)
	);
	if (illegalStep > 0) return "made a step that the machine does not have";
	if (!atRest || sold.includes(status) || status === "returned") return undefined;
	return net !== 0 || stock === "committed" || stock === "locked"
		? "keeps money or units after it ended"
		: undefined;
}

/** Until every run waits at its next effect: they only wait for promises. */
const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve));
