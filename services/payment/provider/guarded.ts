import {
	bulkhead,
	BulkheadRejectedError,
	circuitBreaker,
	type CircuitBreakerPolicy,
	CircuitState,
	CountBreaker,
	handleWhen,
	type IPolicy,
	wrap
} from "cockatiel";
import { backoffMs } from "../../../lib/backoff.ts";
import { around } from "../../../lib/failpoint.ts";
import { refuseInsideTransaction } from "../../../lib/transaction-scope.ts";
import { withTimeout } from "./bounded-wait.ts";
import {
	type ChargeRequest,
	type PaymentProvider,
	ProviderUnavailable,
	type RefundRequest,
	RateLimited
} from "./provider.ts";
import { queueWithinMs } from "../payment.reconciliation.ts";

/** The call was certainly not made, so there is no outcome to look up. */
export class NotSent extends ProviderUnavailable {}

export type BreakerState = "closed" | "half_open" | "open";

/** `not_sent`: the call was not made. `rate_limited`: the provider responded 429. */
export type CallResult = "ok" | "unavailable" | "rate_limited" | "not_sent" | "error";

export interface GuardOptions {
	/** Called for every change, and once at the start. */
	onState(state: BreakerState): void;
	/** Called for every call with its result. */
	onCall(call: string, result: CallResult): void;
	/** Longest wait (ms) for one response (default 8000: below the 10 s of the calling actions). */
	answerWithinMs?: number;
	/** Calls that run, and that wait, at one time (default 128 and 512). */
	concurrency?: number;
	queue?: number;
	/** First pause (ms) after the breaker opens, doubled with every failed trial (default 500). */
	pauseMs?: number;
}

const longestPauseMs = 10_000;

const stateNames: Record<CircuitState, BreakerState> = {
	[CircuitState.Closed]: "closed",
	[CircuitState.HalfOpen]: "half_open",
	[CircuitState.Open]: "open",
	[CircuitState.Isolated]: "open"
};

/**
 * Circuit breaker and bulkhead of the provider. If more than half of the last 40 calls fail, the breaker opens;
 * then one call at a time is a trial, and all others are refused at once. A decline counts as success, and so does
 * a rate limit: the caller slows down (charges.ts), and the breaker stays as it is.
 */
export class GuardedProvider implements PaymentProvider {
	readonly #provider: PaymentProvider;
	readonly #options: GuardOptions;
	readonly #breaker: CircuitBreakerPolicy;
	readonly #policy: IPolicy;
	readonly #pauseMs: number;
	/** Times that the breaker opened since it was closed. */
	#opened = 0;
	/** The breaker lets no call through before, by the monotonic clock. */
	#retryAtMs = 0;

	constructor(provider: PaymentProvider, options: GuardOptions) {
		const { concurrency = 128, queue = 512, pauseMs = 500, onState } = options;
		this.#pauseMs = pauseMs;
		this.#provider = provider;
		this.#options = options;
		const isUnavailable = (error: unknown) =>
			error instanceof ProviderUnavailable && !(error instanceof NotSent);
		this.#breaker = circuitBreaker(handleWhen(isUnavailable), {
			breaker: new CountBreaker({ threshold: 0.5, size: 40, minimumNumberOfCalls: 10 }),
			// Counted here: Cockatiel compares wall clocks, and one that steps back keeps a breaker open for so long.
			halfOpenAfter: Number.NEGATIVE_INFINITY
		});
		this.#breaker.onBreak(() => this.#pause());
		this.#breaker.onReset(() => (this.#opened = 0));
		this.#breaker.onStateChange(state => onState(stateNames[state]));
		this.#policy = wrap(this.#breaker, bulkhead(concurrency, queue));
		onState("closed");
	}

	/** Present state: after its pause an open breaker is half open, since the next call would be a trial. */
	get state(): BreakerState {
		const state = stateNames[this.#breaker.state];
		return state === "open" && !this.#isPausing() ? "half_open" : state;
	}

	get maxProcessingMs() {
		return this.#provider.maxProcessingMs;
	}

	charge(request: ChargeRequest) {
		return this.#call("charge", () =>
			around(["payment.charge.before_psp", "payment.charge.after_psp"], () =>
				this.#provider.charge(request)
			)
		);
	}

	retrieve(key: string, ref?: string | null) {
		return this.#call("retrieve", () =>
			around(["payment.look_up.before_psp", "payment.look_up.after_psp"], () =>
				this.#provider.retrieve(key, ref)
			)
		);
	}

	abandon(key: string, ref: string) {
		return this.#call("abandon", () =>
			around(["payment.abandon.before_psp", "payment.abandon.after_psp"], () =>
				this.#provider.abandon(key, ref)
			)
		);
	}

	refund(request: RefundRequest) {
		return this.#call("refund", () =>
			around(["payment.refund.before_psp", "payment.refund.after_psp"], () =>
				this.#provider.refund(request)
			)
		);
	}

	refundsOf(chargeRef: string) {
		return this.#call("list_refunds", () => this.#provider.refundsOf(chargeRef));
	}

	disputesOf(chargeRef: string) {
		return this.#call("list_disputes", () => this.#provider.disputesOf(chargeRef));
	}

	event(rawBody: Buffer, signature: string | undefined) {
		return this.#provider.event(rawBody, signature);
	}

	statement(since: Date) {
		return this.#provider.statement(since);
	}

	close() {
		return this.#provider.close();
	}

	/** @throws NotSent, ProviderUnavailable, and the provider's errors */
	async #call<R>(name: string, call: () => Promise<R>): Promise<R> {
		refuseInsideTransaction("a call of the payment provider");
		const { onCall } = this.#options;
		try {
			const answer = await this.#execute(call);
			onCall(name, "ok");
			return answer;
		} catch (cause) {
			const error = notSent(cause) ?? (cause as Error);
			onCall(name, resultOf(error));
			throw error;
		}
	}

	#pause(): void {
		this.#retryAtMs = performance.now() + backoffMs(++this.#opened, this.#pauseMs, longestPauseMs);
	}

	#isPausing(): boolean {
		return performance.now() < this.#retryAtMs;
	}

	#execute<R>(call: () => Promise<R>): Promise<R> {
		if (this.#breaker.state === CircuitState.Open && this.#isPausing())
			throw new NotSent("the provider is away");
		// Cockatiel would let all callers wait for the trial call.
		if (this.#breaker.state === CircuitState.HalfOpen)
			throw new NotSent("another call is on trial");
		const { answerWithinMs = 8000 } = this.#options;
		const queuedAt = performance.now();
		return this.#policy.execute(() => {
			if (performance.now() - queuedAt > queueWithinMs)
				throw new NotSent("waited too long for its turn");
			const timeoutError = () => new ProviderUnavailable(`no answer in ${answerWithinMs} ms`);
			return withTimeout(answerWithinMs, call(), timeoutError);
		});
	}
}

function resultOf(error: Error): CallResult {
	if (error instanceof NotSent) return "not_sent";
	if (error instanceof RateLimited) return "rate_limited";
	return error instanceof ProviderUnavailable ? "unavailable" : "error";
}

function notSent(error: unknown): NotSent | undefined {
	if (error instanceof BulkheadRejectedError) return new NotSent("too many calls are waiting");
	return undefined;
}
