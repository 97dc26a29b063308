import { backoffMs } from "../../../lib/backoff.ts";
import {
	backoffs,
	first,
	next,
	type AdvanceOutcome,
	type Answer,
	type Answers,
	type Effect,
	type Situation
} from "./saga.decisions.ts";
import { transition } from "../order.machine.ts";
import type { Advance, Parking, Work } from "./steps.ts";

/** What the saga needs done; order.steps does it in batches. */
export interface Steps {
	reserve(work: Work): Promise<Answers["reserve"]>;
	charge(work: Work): Promise<Answers["charge"]>;
	void(work: Work): Promise<Answers["void"]>;
	commit(work: Work): Promise<Answers["commit"]>;
	release(work: Work): Promise<Answers["release"]>;
	restock(work: Work): Promise<Answers["restock"]>;
	payBack(work: Work): Promise<Answers["pay_back"]>;
	giveBack(work: Work): Promise<Answers["give_back"]>;
	takeBack(work: Work): Promise<Answers["take_back"]>;
	begin(item: Advance): Promise<AdvanceOutcome>;
	tell(item: Advance): Promise<AdvanceOutcome>;
	park(parking: Parking): Promise<void>;
}

/** Chooses what is done; order.decisions but for tests that plant a fault. */
export interface Decisions {
	first(situation: Situation): Effect;
	next(situation: Situation, effect: Effect, answer: Answer): Effect;
}

export interface SagaOptions {
	steps: Steps;
	/** Told of every order that will be tried again because of an error. */
	onError(work: Work, error: string): void;
	decisions?: Decisions;
}

/**
 * Brings an order to its end: reserve → begin payment → charge → commit stock → confirm, or back.
 * order.decisions chooses each effect from the answer to the one before; this loop performs them.
 */
export class Saga {
	readonly #steps: Steps;
	readonly #onError: SagaOptions["onError"];
	readonly #decisions: Decisions;
	readonly #running = new Map<string, Promise<void>>();

	constructor({ steps, onError, decisions = { first, next } }: SagaOptions) {
		this.#steps = steps;
		this.#onError = onError;
		this.#decisions = decisions;
	}

	/** Runs an order until it ends, sleeps, or is another node's. Never rejects. */
	start(work: Work): Promise<void> {
		const run = this.#run(work).finally(() => this.#running.delete(work.order.id));
		this.#running.set(work.order.id, run);
		return run;
	}

	/** The run of an order on this node, if there is one. */
	running(orderId: string): Promise<void> | undefined {
		return this.#running.get(orderId);
	}

	/** Resolves when every order that is now under way has ended or sleeps. */
	async idle(): Promise<void> {
		await Promise.all(this.#running.values());
	}

	async #run(work: Work): Promise<void> {
		let effect = this.#decisions.first(situationOf(work));
		while (effect.do !== "stop") {
			const answer = await this.#perform(work, effect).catch((error: Error) => ({
				lost: error.message
			}));
			effect = this.#decisions.next(situationOf(work), effect, answer);
		}
	}

	async #perform(work: Work, effect: Exclude<Effect, { do: "stop" }>): Promise<Answer> {
		switch (effect.do) {
			case "begin":
				return this.#steps.begin(advance(work, "payment_pending", { yields: !effect.then }));
			case "tell":
				return this.#steps.tell(advance(work, effect.to, effect));
			case "pay_back":
				return this.#steps.payBack(work);
			case "give_back":
				return this.#steps.giveBack(work);
			case "take_back":
				return this.#steps.takeBack(work);
			case "sleep":
				return this.#sleep(work, effect);
			default:
				return this.#steps[effect.do](work);
		}
	}

	async #sleep(work: Work, { backoff, error }: Extract<Effect, { do: "sleep" }>): Promise<Answer> {
		if (error) this.#onError(work, error);
		const [firstMs, longestMs] = backoffs[backoff];
		const delayMs = backoffMs(work.attempt + 1, firstMs, longestMs);
		await this.#steps.park({ work, delayMs, waitsFor: backoff, error });
		return "asleep";
	}
}

function situationOf({ order, cancelRequested, fence, returning, ...work }: Work): Situation {
	const { step, overdue } = work;
	const restocks = returning?.restock ?? false;
	const { status } = order;
	return { status, step, calledOff: cancelRequested, overdue, adopted: fence > 1, restocks };
}

function advance(
	work: Work,
	to: Advance["transition"]["to"],
	{ reason = null, yields = false, ends = false }: Partial<Extract<Effect, { do: "tell" }>>
): Advance {
	return { work, transition: transition(work.order.status, to, reason), yields, ends };
}
