import type { ChargeOutcome } from "../../contracts/payment.ts";
import type { OrderStatus } from "../../contracts/order.ts";
import type { ReservationState } from "../../contracts/product.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { transition, type CancelReason } from "./order.machine.ts";
import type { Advance, AdvanceOutcome, Work } from "./order.steps.ts";

/** What the saga needs done; order.steps does it in batches. */
export interface Steps {
	reserve(work: Work): Promise<ReservationState>;
	charge(work: Work): Promise<ChargeOutcome>;
	void(work: Work): Promise<ChargeOutcome>;
	commit(work: Work): Promise<ReservationState>;
	release(work: Work): Promise<ReservationState>;
	restock(work: Work): Promise<ReservationState>;
	payBack(work: Work): Promise<void>;
	begin(item: Advance): Promise<AdvanceOutcome>;
	tell(item: Advance): Promise<AdvanceOutcome>;
	park(work: Work, delayMs: number, error: string | null): Promise<void>;
}

/** Another node holds the lease: whatever this one still has in hand is stale. */
class Fenced extends Error {}

/** What this run had been answered may be lost, so it has to start over. */
class Restart extends Error {
	override readonly message = "the order is not where it was left: starting over";
}

/**
 * Brings an order to its end: reserve → begin payment → charge → commit stock → confirm, or back.
 * It always starts from the first step, because every step answers what was recorded when it is
 * repeated; so a crash anywhere needs no more than another run. Never compensates from an unknown
 * outcome: it sleeps and looks again.
 */
export class Saga {
	readonly #steps: Steps;
	readonly #running = new Map<string, Promise<void>>();
	readonly #onError: (work: Work, error: Error) => void;

	constructor(steps: Steps, onError: (work: Work, error: Error) => void) {
		this.#steps = steps;
		this.#onError = onError;
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
		try {
			await (work.step === "refund" ? this.#payBack(work) : this.#forward(work));
		} catch (error) {
			if (!(error instanceof Fenced)) await this.#retryLater(work, error as Error);
		}
	}

	async #retryLater(work: Work, error: Error): Promise<void> {
		this.#onError(work, error);
		const delayMs = backoffMs(work.attempt + 1, 200, 10_000);
		// When even this fails the lease runs out, and any node takes the order over.
		await this.#steps.park(work, delayMs, error.message).catch(() => undefined);
	}

	async #forward(work: Work): Promise<void> {
		const { order } = work;
		if (order.status === "pending" && work.cancelRequested) return this.#abandon(work, "requested");
		if (order.status === "pending" && work.overdue) return this.#abandon(work, "expired");
		switch (await this.#steps.reserve(work)) {
			case "locked":
			case "committed":
				return this.#pay(work);
			case "out_of_stock":
				return this.#endWithoutGoods(work, "out_of_stock");
			default:
				return this.#resumeAbandoned(work);
		}
	}

	async #pay(work: Work): Promise<void> {
		if (work.order.status === "pending" && !(await this.#begin(work, true)))
			return this.#abandon(work, "requested");
		const outcome = await (work.cancelRequested
			? this.#steps.void(work)
			: this.#steps.charge(work));
		return this.#afterCharge(work, outcome);
	}

	/** False when it yields to a customer who has called the order off. @throws Fenced, Restart */
	async #begin(work: Work, yields: boolean): Promise<boolean> {
		const step = transition(work.order.status, "payment_pending");
		const item = { work, transition: step, yields, ends: false };
		return (await this.#heed(this.#steps.begin(item))) === "done";
	}

	async #afterCharge(work: Work, { status, failure_code }: ChargeOutcome): Promise<void> {
		switch (status) {
			case "succeeded":
				return this.#confirm(work);
			case "failed":
				await this.#steps.release(work);
				return failure_code === "voided"
					? this.#finish(work, "cancelled", "requested")
					: this.#finish(work, "payment_failed", failure_code);
			case "review":
				return this.#finish(work, "payment_review", "outcome_unknown");
			default:
				return this.#sleep(work);
		}
	}

	/** Until the provider knows more. */
	#sleep(work: Work): Promise<void> {
		return this.#steps.park(work, backoffMs(work.attempt + 1, 1000, 60_000), null);
	}

	async #confirm(work: Work): Promise<void> {
		if ((await this.#steps.commit(work)) !== "committed") throw new Restart();
		const step = transition(work.order.status, "confirmed");
		const item = { work, transition: step, yields: true, ends: true };
		if ((await this.#heed(this.#steps.tell(item))) === "done") return;
		await this.#tell(work, "refund_pending", "requested", false);
		return this.#payBack(work);
	}

	/** A paid order that was called off: the money first, then the goods. */
	async #payBack(work: Work): Promise<void> {
		await this.#steps.payBack(work);
		await this.#steps.restock(work);
		return this.#finish(work, "refunded", null);
	}

	async #abandon(work: Work, reason: CancelReason): Promise<void> {
		await this.#steps.release(work);
		return this.#endWithoutGoods(work, reason);
	}

	/**
	 * The first run of an order surely has not charged it. One that was taken over may have been
	 * charged while it says `pending`: a crash of Postgres can take the step to `payment_pending` away.
	 */
	async #endWithoutGoods(work: Work, reason: CancelReason): Promise<void> {
		const status = work.fence > 1 ? (await this.#steps.void(work)).status : "failed";
		if (status === "failed") return this.#finish(work, "cancelled", reason);
		if (status === "processing") return this.#sleep(work);
		return this.#callOffPaid(work, reason, status === "review");
	}

	/** A paid order without goods, from `pending` or `payment_pending`. */
	async #callOffPaid(work: Work, reason: CancelReason, review: boolean): Promise<void> {
		if (work.order.status === "pending") await this.#begin(work, false);
		if (review) return this.#finish(work, "payment_review", "outcome_unknown");
		await this.#tell(work, "refund_pending", reason, false);
		return this.#payBack(work);
	}

	/** The goods were given back, but the node died before it could say why. */
	async #resumeAbandoned(work: Work): Promise<void> {
		const reason = work.cancelRequested ? "requested" : "expired";
		if (work.order.status === "pending") return this.#endWithoutGoods(work, reason);
		const outcome = await this.#steps.void(work);
		if (outcome.status === "succeeded") return this.#callOffPaid(work, reason, false);
		return this.#afterCharge(work, outcome);
	}

	#finish(work: Work, to: OrderStatus, reason: string | null): Promise<void> {
		return this.#tell(work, to, reason, true);
	}

	async #tell(work: Work, to: OrderStatus, reason: string | null, ends: boolean): Promise<void> {
		const step = transition(work.order.status, to, reason);
		await this.#heed(this.#steps.tell({ work, transition: step, yields: false, ends }));
	}

	/** @throws Fenced when the order is no longer this node's, Restart */
	async #heed(outcome: Promise<AdvanceOutcome>): Promise<"done" | "cancel"> {
		const result = await outcome;
		if (result === "done" || result === "cancel") return result;
		throw result === "fenced" ? new Fenced() : new Restart();
	}
}
