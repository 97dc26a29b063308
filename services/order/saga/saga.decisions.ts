import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { ChargeOutcome, RefundState } from "../../../contracts/payment.ts";
import type { ReservationState } from "../../../contracts/product.ts";
import { canTransition, isRejectReason, type CancelReason } from "../order.machine.ts";

/** What the saga knows of an order when it chooses the next effect. */
export interface Situation {
	/** The status that this run found or stored last. */
	status: OrderStatus;
	step: "forward" | "refund" | "return";
	/** The customer or staff have requested the cancellation. */
	cancelRequested: boolean;
	/** It has waited for its stock for longer than an order may. */
	overdue: boolean;
	/**
	 * Not the order's first run, which certainly has not charged it. An earlier one may have, even if the status
	 * is `pending`: a crash of Postgres can lose the transition to `payment_pending`.
	 */
	adopted: boolean;
	/** The returned items are restocked. */
	restocks: boolean;
}

/** The status and reason of an order that does not succeed. */
export interface Ending {
	to: "cancelled" | "payment_failed" | "payment_review" | "refund_pending";
	reason: string | null;
}

/** One effect as data; saga.runner.ts executes it and passes the answer back. */
export type Effect =
	| { do: "reserve" }
	/** To `payment_pending`; with an ending only because the path there leads through it. */
	| { do: "begin_payment"; then: Ending | null }
	| { do: "charge" }
	/** `stockLocked`: the order has its stock, so it may still be confirmed. */
	| { do: "void"; stockLocked: boolean; reason: CancelReason }
	| { do: "commit" }
	| { do: "release"; then: Ending }
	| { do: "refund_order" }
	| { do: "restock" }
	| { do: "refund_return" }
	| { do: "restock_return" }
	/** `yields`: a requested cancellation takes precedence. `ends`: the saga is deleted in the same commit. */
	| { do: "transition"; to: OrderStatus; reason: string | null; yields: boolean; ends: boolean }
	| { do: "sleep"; backoff: Backoff; error: string | null }
	| { do: "stop" };

/**
 * `cancel`: a cancellation is requested. `fenced`: another node has claimed the order. `restart`: the order does
 * not have the expected status, because Postgres crashed and lost an acknowledged commit.
 */
export type AdvanceOutcome = "done" | "cancel" | "fenced" | "restart";

/** Status of a charge. */
export type ChargeStatus = Pick<ChargeOutcome, "status" | "failure_code" | "awaits_customer">;

/** The possible answers to each effect. */
export interface Answers {
	reserve: ReservationState;
	begin_payment: AdvanceOutcome;
	charge: ChargeStatus;
	void: ChargeStatus;
	commit: ReservationState;
	release: ReservationState;
	/** `refused`: the provider refuses permanently. */
	refund_order: RefundState | "refused";
	restock: ReservationState;
	/** Refund of the returned lines. */
	refund_return: RefundState | "refused";
	/** `refused`: more than was bought. */
	restock_return: "restocked" | "refused";
	transition: AdvanceOutcome;
	sleep: "asleep";
	stop: never;
}

/** No response, so the outcome is unknown. */
export interface NoReply {
	lost: string;
}

type Kind = Effect["do"];
type Of<K extends Kind> = Extract<Effect, { do: K }>;
export type Answer = Answers[Kind] | NoReply;

/** First and longest sleep in ms, doubled with each attempt. */
export const backoffs = {
	/** A service is down, or its response was lost. */
	fault: [200, 10_000],
	/** The provider is processing the charge. */
	outcome: [1000, 30_000],
	/** The customer has to approve the payment at their bank; `paymentSettled` wakes it earlier. */
	customer: [1000, 30_000],
	/** The provider has not made the refund; `paymentSettled` wakes it earlier. */
	refund: [1000, 600_000],
	/** Staff must decide; `paymentSettled` and `saga.retry` wake it earlier. */
	human: [600_000, 600_000]
} as const satisfies Record<string, readonly [number, number]>;

export type Backoff = keyof typeof backoffs;

export const restartMessage = "the order does not have the expected status: starting over";
export const restockRefused = "the return cannot be restocked: count the stock by hand";
export const refundRefused = "the provider refused the refund permanently: refund by hand";

const stop: Effect = { do: "stop" };
const sleep = (backoff: Backoff, error: string | null = null): Effect => ({
	do: "sleep",
	backoff,
	error
});

/** The transition, if the machine has it: anything else is a defect that staff must see. */
function transitionTo(
	{ status }: Situation,
	to: OrderStatus,
	reason: string | null,
	{ yields = false, ends = false } = {}
): Effect {
	if (!canTransition(status, to))
		return sleep("human", `An order that is ${status} cannot become ${to}`);
	return { do: "transition", to, reason, yields, ends };
}

/** @param ending one that the payment's outcome allows */
function endWith(situation: Situation, ending: Ending): Effect {
	const isPaid = ending.to === "refund_pending" || ending.to === "payment_review";
	if (isPaid && situation.status === "pending") return { do: "begin_payment", then: ending };
	return transitionTo(situation, ending.to, ending.reason, { ends: !isPaid });
}

/** Compensates only when the order was certainly not charged; if it may have been, the charge is voided first. */
function cancelOrder({ adopted }: Situation, reason: CancelReason): Effect {
	return adopted
		? { do: "void", stockLocked: false, reason }
		: { do: "release", then: { to: "cancelled", reason } };
}

function afterFailure(
	{ status, cancelRequested }: Situation,
	code: string | null,
	reason: CancelReason
): Effect {
	const isCancelled = cancelRequested || code === "voided" || status === "pending";
	const then: Ending = isCancelled
		? { to: "cancelled", reason }
		: { to: "payment_failed", reason: code };
	return { do: "release", then };
}

/** @param stockLocked the order has its stock, so it can be confirmed once it is paid */
function afterPayment(
	situation: Situation,
	{ status, failure_code, awaits_customer }: ChargeStatus,
	stockLocked: boolean,
	reason: CancelReason
): Effect {
	switch (status) {
		case "succeeded":
			return stockLocked
				? { do: "commit" }
				: { do: "release", then: { to: "refund_pending", reason } };
		case "failed":
			return afterFailure(situation, failure_code, reason);
		case "review":
			return situation.status === "payment_review"
				? sleep("human")
				: endWith(situation, { to: "payment_review", reason: "outcome_unknown" });
		default:
			return sleep(awaits_customer ? "customer" : "outcome");
	}
}

/** The effect after a transition. */
function afterStep(
	outcome: AdvanceOutcome,
	{ done, cancel }: { done: () => Effect; cancel: () => Effect }
): Effect {
	if (outcome === "done") return done();
	if (outcome === "cancel") return cancel();
	return outcome === "fenced" ? stop : sleep("fault", restartMessage);
}

function afterRefund(answer: RefundState | "refused", next: () => Effect): Effect {
	if (answer === "refused") return sleep("human", refundRefused);
	return answer === "pending" ? sleep("refund") : next();
}

const chargeOrVoid = ({ cancelRequested }: Situation): Effect =>
	cancelRequested ? { do: "void", stockLocked: true, reason: "requested" } : { do: "charge" };

const afterEach: {
	[K in Kind]: (situation: Situation, answer: Answers[K], effect: Of<K>) => Effect;
} = {
	reserve(situation, state) {
		if (state === "locked" || state === "committed")
			return situation.status === "pending"
				? { do: "begin_payment", then: null }
				: chargeOrVoid(situation);
		if (!isRejectReason(state))
			return abortWithoutStock(situation, situation.cancelRequested ? "requested" : "expired");
		const isFirst = situation.status === "pending" && !situation.adopted;
		return isFirst
			? transitionTo(situation, "cancelled", state, { ends: true })
			: abortWithoutStock(situation, state);
	},
	begin_payment: (situation, outcome, { then }) =>
		afterStep(outcome, {
			done: () => (then ? endWith(situation, then) : chargeOrVoid(situation)),
			cancel: () => cancelOrder(situation, "requested")
		}),
	charge: (situation, answer) => afterPayment(situation, answer, true, "requested"),
	void: (situation, answer, { stockLocked, reason }) =>
		afterPayment(situation, answer, stockLocked, reason),
	commit: (situation, state) =>
		state === "committed"
			? transitionTo(situation, "confirmed", null, { yields: true, ends: true })
			: sleep("fault", restartMessage),
	release: (situation, _, { then }) => endWith(situation, then),
	// The refund first, then the restock.
	refund_order: (_, answer) => afterRefund(answer, () => ({ do: "restock" })),
	restock: situation => transitionTo(situation, "refunded", null, { ends: true }),
	refund_return: (situation, answer) =>
		afterRefund(answer, () =>
			situation.restocks
				? { do: "restock_return" }
				: transitionTo(situation, "returned", null, { ends: true })
		),
	restock_return: (situation, answer) =>
		answer === "restocked"
			? transitionTo(situation, "returned", null, { ends: true })
			: sleep("human", restockRefused),
	transition: (situation, outcome, { to, ends }) =>
		afterStep(outcome, {
			done() {
				if (ends) return stop;
				return to === "refund_pending" ? { do: "refund_order" } : sleep("human");
			},
			cancel: () => transitionTo(situation, "refund_pending", "requested")
		}),
	sleep: () => stop,
	stop: () => stop
};

/** The reservation is gone: released by a run that crashed before it stored the reason, or never made. */
function abortWithoutStock(situation: Situation, reason: CancelReason): Effect {
	return situation.status === "pending"
		? cancelOrder(situation, reason)
		: { do: "void", stockLocked: false, reason };
}

const isNoReply = (answer: Answer): answer is NoReply =>
	typeof answer === "object" && "lost" in answer;

/** Every run starts at the beginning, because every effect returns the recorded result when it is repeated. */
export function firstEffect(situation: Situation): Effect {
	const { status, step, cancelRequested, overdue } = situation;
	if (step === "refund") return { do: "refund_order" };
	if (step === "return") return { do: "refund_return" };
	if (status === "pending" && cancelRequested) return cancelOrder(situation, "requested");
	if (status === "pending" && overdue) return cancelOrder(situation, "expired");
	return { do: "reserve" };
}

/** The effect after `effect` was answered. Total: there is one for every situation and answer. */
export function nextEffect(situation: Situation, effect: Effect, answer: Answer): Effect {
	// If even rescheduling fails the lease expires, and another node claims the order.
	if (isNoReply(answer)) return effect.do === "sleep" ? stop : sleep("fault", answer.lost);
	const after = afterEach[effect.do] as (s: Situation, a: Answer, e: Effect) => Effect;
	return after(situation, answer, effect);
}
