import { setTimeout as delay } from "node:timers/promises";
import { refuseInsideTransaction } from "../../lib/transaction-scope.ts";

/** Longest wait (ms) for one answer of the provider; below the 10 s of the actions that ask it. */
const answerWithinMs = 8000;

/** Resolves with the work's result, or with `otherwise` when the work takes longer than `ms`. */
export async function within<R, O>(ms: number, work: Promise<R>, otherwise: O): Promise<R | O> {
	const settled = new AbortController();
	const timer = delay(ms, otherwise, { signal: settled.signal });
	timer.catch(() => undefined);
	return Promise.race([work, timer]).finally(() => settled.abort());
}

const late = Symbol("late");

/** Asks the provider. @throws Error when the outcome is not known, for lack of an answer too */
export async function ask<R>(call: () => Promise<R>): Promise<R> {
	refuseInsideTransaction("a call of the payment provider");
	const answer = await within(answerWithinMs, call(), late);
	if (answer === late) throw new Error(`the provider did not answer in ${answerWithinMs} ms`);
	return answer as R;
}
