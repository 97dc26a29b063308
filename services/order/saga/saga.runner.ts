import { backoffMs } from "../../../lib/backoff.ts";
import { inSpan } from "../../../lib/tracing/spans.ts";
import {
	backoffs,
	firstEffect,
	nextEffect,
	type AdvanceOutcome,
	type Answer,
	type Answers,
	type Effect,
	type Situation
} from "./saga.decisions.ts";
import { transition } from "../order.machine.ts";
import type { Advance, Reschedule, SagaRun } from "./steps.ts";

/** The effects of the saga; steps.ts executes them in batches. */
export interface Steps {
	reserve(work: SagaRun): Promise<Answers["reserve"]>;
	charge(work: SagaRun): Promise<Answers["charge"]>;
	void(work: SagaRun): Promise<Answers["void"]>;
	commit(work: SagaRun): Promise<Answers["commit"]>;
	release(work: SagaRun): Promise<Answers["release"]>;
	restock(work: SagaRun): Promise<Answers["restock"]>;
	refundOrder(work: SagaRun): Promise<Answers["refund_order"]>;
	refundReturn(work: SagaRun): Promise<Answers["refund_return"]>;
	restockReturn(work: SagaRun): Promise<Answers["restock_return"]>;
	beginPayment(item: Advance): Promise<AdvanceOutcome>;
	commitTransition(item: Advance): Promise<AdvanceOutcome>;
	reschedule(entry: Reschedule): Promise<void>;
}

/** Chooses effects; saga.decisions.ts, except in tests that plant a fault. */
export interface Decisions {
	firstEffect(situation: Situation): Effect;
	nextEffect(situation: Situation, effect: Effect, answer: Answer): Effect;
}

export interface SagaRunnerOptions {
	steps: Steps;
	/** Called for every order that is retried because of an error. */
	onError(work: SagaRun, error: string): void;
	decisions?: Decisions;
}

/**
 * Runs an order to its end: reserve → begin payment → charge → commit stock → confirm, or compensate.
 * saga.decisions.ts chooses each effect from the answer to the previous one; this loop executes them.
 */
export class SagaRunner {
	readonly #steps: Steps;
	readonly #onError: SagaRunnerOptions["onError"];
	readonly #decisions: Decisions;
	readonly #running = new Map<string, Promise<void>>();

	constructor({ steps, onError, decisions = { firstEffect, nextEffect } }: SagaRunnerOptions) {
		this.#steps = steps;
		this.#onError = onError;
		this.#decisions = decisions;
	}

	/**
	 * Runs an order until it ends, sleeps, or was claimed by another node (`claimSagas` in order.statements.ts; its
	 * fence refuses late writes). Never rejects.
	 */
	start(work: SagaRun): Promise<void> {
		const run = this.#run(work).finally(() => this.#running.delete(work.order.id));
		this.#running.set(work.order.id, run);
		return run;
	}

	/** The run of an order on this node, if there is one. */
	running(orderId: string): Promise<void> | undefined {
		return this.#running.get(orderId);
	}

	/** Resolves when every order that is now in progress has ended or sleeps. */
	async idle(): Promise<void> {
		await Promise.all(this.#running.values());
	}

	async #run(work: SagaRun): Promise<void> {
		let effect = this.#decisions.firstEffect(situationOf(work));
		while (effect.do !== "stop") {
			const answer = await this.#perform(work, effect).catch((error: Error) => ({
				lost: error.message
			}));
			effect = this.#decisions.nextEffect(situationOf(work), effect, answer);
		}
	}

	/** As a span of the trace in which the order was placed. */
	#perform(work: SagaRun, effect: Exclude<Effect, { do: "stop" }>): Promise<Answer> {
		const name = `saga ${effect.do === "transition" ? effect.to : effect.do}`;
		const attributes = { "shop.order.id": work.order.id, "shop.saga.attempt": work.attempt };
		return inSpan({ name, attributes }, work.traceparent, stepTrace => {
			work.stepTrace = stepTrace;
			return this.#execute(work, effect);
		});
	}

	async #execute(work: SagaRun, effect: Exclude<Effect, { do: "stop" }>): Promise<Answer> {
		switch (effect.do) {
			case "begin_payment":
				return this.#steps.beginPayment(advance(work, "payment_pending", { yields: !effect.then }));
			case "transition":
				return this.#steps.commitTransition(advance(work, effect.to, effect));
			case "refund_order":
				return this.#steps.refundOrder(work);
			case "refund_return":
				return this.#steps.refundReturn(work);
			case "restock_return":
				return this.#steps.restockReturn(work);
			case "sleep":
				return this.#sleep(work, effect);
			default:
				return this.#steps[effect.do](work);
		}
	}

	async #sleep(
		work: SagaRun,
		{ backoff, error }: Extract<Effect, { do: "sleep" }>
	): Promise<Answer> {
		if (error) this.#onError(work, error);
		const [firstMs, longestMs] = backoffs[backoff];
		// Each kind of waiting starts from its first delay: faults that are over do not make a refund wait for minutes.
		const attempt = work.waitsFor === backoff ? work.attempt : 0;
		const delayMs = backoffMs(attempt + 1, firstMs, longestMs);
		await this.#steps.reschedule({ work, delayMs, waitsFor: backoff, error });
		return "asleep";
	}
}

function situationOf({ order, cancelRequested, fence, returning, ...work }: SagaRun): Situation {
	const { step, overdue } = work;
	const restocks = returning?.restock ?? false;
	const { status } = order;
	return { status, step, cancelRequested: cancelRequested, overdue, adopted: fence > 1, restocks };
}

function advance(
	work: SagaRun,
	to: Advance["transition"]["to"],
	{ reason = null, yields = false, ends = false }: Partial<Extract<Effect, { do: "transition" }>>
): Advance {
	return { work, transition: transition(work.order.status, to, reason), yields, ends };
}
