import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { ChargeOutcome } from "../../../contracts/payment.ts";
import type { ReservationState } from "../../../contracts/product.ts";
import { mayBecome, type CancelReason } from "../order.machine.ts";

/** What is known of an order whenever its saga chooses what to do next. */
export interface Situation {
	/** As this run found it or left it. */
	status: OrderStatus;
	step: "forward" | "refund" | "return";
	/** Whoever may has asked that the order be called off. */
	calledOff: boolean;
	/** It has waited for its goods for longer than an order may. */
	overdue: boolean;
	/**
	 * Not the order's first run, which surely has not charged it. An earlier one may have, even if the
	 * status is `pending`: a crash of Postgres can take the step to `payment_pending` away.
	 */
	adopted: boolean;
	/** What comes back is put on the shelf again. */
	restocks: boolean;
}

/** Where an order goes that does not become its customer's. */
export interface Ending {
	to: "cancelled" | "payment_failed" | "payment_review" | "refund_pending";
	reason: string | null;
}

/** One thing to do, as data; order.saga carries it out and feeds the answer back. */
export type Effect =
	| { do: "reserve" }
	/** To `payment_pending`; with an ending only because the way there leads through it. */
	| { do: "begin"; then: Ending | null }
	| { do: "charge" }
	/** `holds`: the goods are this order's, so that it may still be confirmed. */
	| { do: "void"; holds: boolean; reason: CancelReason }
	| { do: "commit" }
	| { do: "release"; then: Ending }
	| { do: "pay_back" }
	| { do: "restock" }
	| { do: "give_back" }
	| { do: "take_back" }
	/** `yields`: gives way to a wish to cancel. `ends`: the saga is over in the same commit. */
	| { do: "tell"; to: OrderStatus; reason: string | null; yields: boolean; ends: boolean }
	| { do: "sleep"; backoff: Backoff; error: string | null }
	| { do: "stop" };

/**
 * `cancel`: a wish to cancel stands in the way. `fenced`: another node has taken over. `restart`:
 * the order is not where this run believed, because Postgres crashed and lost what it had answered.
 */
export type AdvanceOutcome = "done" | "cancel" | "fenced" | "restart";

/** How a charge stands. */
export type Paid = Pick<ChargeOutcome, "status" | "failure_code" | "awaits_customer">;

/** What each effect may answer. */
export interface Answers {
	reserve: ReservationState;
	begin: AdvanceOutcome;
	charge: Paid;
	void: Paid;
	commit: ReservationState;
	release: ReservationState;
	/** `refused`: the provider will not, however often it is asked. */
	pay_back: "whole" | "refused";
	restock: ReservationState;
	/** Money for the lines that come back. */
	give_back: "whole" | "refused";
	/** `refused`: more than was bought. */
	take_back: "taken_back" | "refused";
	tell: AdvanceOutcome;
	sleep: "asleep";
	stop: never;
}

/** No answer, so nobody knows whether it was done. */
export interface Lost {
	lost: string;
}

type Kind = Effect["do"];
type Of<K extends Kind> = Extract<Effect, { do: K }>;
export type Answer = Answers[Kind] | Lost;

/** First and longest sleep in ms; in between it doubles with each attempt. */
export const backoffs = {
	/** Something is away, or lost its answer. */
	fault: [200, 10_000],
	/** The provider works on it. */
	outcome: [1000, 30_000],
	/** The customer has something to do at his bank; `paymentSettled` wakes it earlier. */
	customer: [1000, 30_000],
	/** A human must decide; `paymentSettled` and `saga.retry` wake it earlier. */
	human: [600_000, 600_000]
} as const satisfies Record<string, readonly [number, number]>;

export type Backoff = keyof typeof backoffs;

export const startingOver = "the order is not where it was left: starting over";
export const takeBackRefused = "the goods cannot be taken back: a human must count them";
export const refundRefused = "the refund was refused for good: a human must pay back";

const stop: Effect = { do: "stop" };
const sleep = (backoff: Backoff, error: string | null = null): Effect => ({
	do: "sleep",
	backoff,
	error
});

/** The step, where the machine has it: anything else is a defect that people must see. */
function tell(
	{ status }: Situation,
	to: OrderStatus,
	reason: string | null,
	{ yields = false, ends = false } = {}
): Effect {
	if (!mayBecome(status, to))
		return sleep("human", `An order that is ${status} cannot become ${to}`);
	return { do: "tell", to, reason, yields, ends };
}

/** @param ending one that the payment's outcome allows */
function reach(situation: Situation, ending: Ending): Effect {
	const isPaid = ending.to === "refund_pending" || ending.to === "payment_review";
	if (isPaid && situation.status === "pending") return { do: "begin", then: ending };
	return tell(situation, ending.to, ending.reason, { ends: !isPaid });
}

/** Compensates only from a charge that surely was not made; if it may have been, it is voided first. */
function callOff({ adopted }: Situation, reason: CancelReason): Effect {
	return adopted
		? { do: "void", holds: false, reason }
		: { do: "release", then: { to: "cancelled", reason } };
}

function afterFailure(
	{ status, calledOff }: Situation,
	code: string | null,
	reason: CancelReason
): Effect {
	const isCancelled = calledOff || code === "voided" || status === "pending";
	const then: Ending = isCancelled
		? { to: "cancelled", reason }
		: { to: "payment_failed", reason: code };
	return { do: "release", then };
}

/** @param holds the goods are there, so a paid order can be confirmed */
function afterPayment(
	situation: Situation,
	{ status, failure_code, awaits_customer }: Paid,
	holds: boolean,
	reason: CancelReason
): Effect {
	switch (status) {
		case "succeeded":
			return holds ? { do: "commit" } : { do: "release", then: { to: "refund_pending", reason } };
		case "failed":
			return afterFailure(situation, failure_code, reason);
		case "review":
			return situation.status === "payment_review"
				? sleep("human")
				: reach(situation, { to: "payment_review", reason: "outcome_unknown" });
		default:
			return sleep(awaits_customer ? "customer" : "outcome");
	}
}

/** What follows a step that was taken. */
function afterStep(
	outcome: AdvanceOutcome,
	{ done, cancel }: { done: () => Effect; cancel: () => Effect }
): Effect {
	if (outcome === "done") return done();
	if (outcome === "cancel") return cancel();
	return outcome === "fenced" ? stop : sleep("fault", startingOver);
}

const pay = ({ calledOff }: Situation): Effect =>
	calledOff ? { do: "void", holds: true, reason: "requested" } : { do: "charge" };

const afterEach: {
	[K in Kind]: (situation: Situation, answer: Answers[K], effect: Of<K>) => Effect;
} = {
	reserve(situation, state) {
		if (state === "locked" || state === "committed")
			return situation.status === "pending" ? { do: "begin", then: null } : pay(situation);
		if (state !== "out_of_stock")
			return giveUp(situation, situation.calledOff ? "requested" : "expired");
		const isFirst = situation.status === "pending" && !situation.adopted;
		return isFirst ? tell(situation, "cancelled", state, { ends: true }) : giveUp(situation, state);
	},
	begin: (situation, outcome, { then }) =>
		afterStep(outcome, {
			done: () => (then ? reach(situation, then) : pay(situation)),
			cancel: () => callOff(situation, "requested")
		}),
	charge: (situation, answer) => afterPayment(situation, answer, true, "requested"),
	void: (situation, answer, { holds, reason }) => afterPayment(situation, answer, holds, reason),
	commit: (situation, state) =>
		state === "committed"
			? tell(situation, "confirmed", null, { yields: true, ends: true })
			: sleep("fault", startingOver),
	release: (situation, _, { then }) => reach(situation, then),
	// The money first, then the goods.
	pay_back: (_, answer) => (answer === "whole" ? { do: "restock" } : sleep("human", refundRefused)),
	restock: situation => tell(situation, "refunded", null, { ends: true }),
	give_back(situation, answer) {
		if (answer === "refused") return sleep("human", refundRefused);
		return situation.restocks
			? { do: "take_back" }
			: tell(situation, "returned", null, { ends: true });
	},
	take_back: (situation, answer) =>
		answer === "taken_back"
			? tell(situation, "returned", null, { ends: true })
			: sleep("human", takeBackRefused),
	tell: (situation, outcome, { to, ends }) =>
		afterStep(outcome, {
			done() {
				if (ends) return stop;
				return to === "refund_pending" ? { do: "pay_back" } : sleep("human");
			},
			cancel: () => tell(situation, "refund_pending", "requested")
		}),
	sleep: () => stop,
	stop: () => stop
};

/** The goods are gone: given back by a run that died before it could say why, or never there. */
function giveUp(situation: Situation, reason: CancelReason): Effect {
	return situation.status === "pending"
		? callOff(situation, reason)
		: { do: "void", holds: false, reason };
}

const isLost = (answer: Answer): answer is Lost => typeof answer === "object" && "lost" in answer;

/** Every run starts at the beginning, because every effect answers what was recorded when it is repeated. */
export function first(situation: Situation): Effect {
	const { status, step, calledOff, overdue } = situation;
	if (step === "refund") return { do: "pay_back" };
	if (step === "return") return { do: "give_back" };
	if (status === "pending" && calledOff) return callOff(situation, "requested");
	if (status === "pending" && overdue) return callOff(situation, "expired");
	return { do: "reserve" };
}

/** What to do once `effect` was answered. Total: there is an effect for every situation and answer. */
export function next(situation: Situation, effect: Effect, answer: Answer): Effect {
	// When not even sleeping works the lease runs out, and any node takes the order over.
	if (isLost(answer)) return effect.do === "sleep" ? stop : sleep("fault", answer.lost);
	const after = afterEach[effect.do] as (s: Situation, a: Answer, e: Effect) => Effect;
	return after(situation, answer, effect);
}
