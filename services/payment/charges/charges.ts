import { setTimeout as sleep } from "node:timers/promises";
import type { Charge, ChargeOutcome } from "../../../contracts/payment.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { fail } from "../../../lib/errors.ts";
import { areLinesOf } from "../payment.allocation.ts";
import { waitUntilIdle } from "../provider/bounded-wait.ts";
import { NotSent } from "../provider/guarded.ts";
import {
	IdempotencyConflict,
	type Outcome,
	type PaymentProvider,
	RateLimited
} from "../provider/provider.ts";
import {
	type Ending,
	paymentIdOf,
	type PaymentRepository,
	type PaymentRow,
	type Verdict
} from "./payment.repository.ts";
import {
	firstStep,
	maxAttempts,
	nextStep,
	pauseMs,
	reasonOf,
	sendWithinMs,
	maxInlinePauseMs,
	type Intent
} from "../payment.reconciliation.ts";

export interface ChargesOptions {
	repository: PaymentRepository;
	provider: PaymentProvider;
	/** Longest wait of a batch; slower charges continue in the background. */
	chargeWaitMs: number;
	/** How long a customer may take for 3-D Secure. */
	challengeMs: number;
	/** Called for every payment whose outcome was recorded just now. */
	onRecorded(rows: PaymentRow[]): void;
	/** Called for orders whose charge ended after the call had returned `processing`. */
	onLate(orderIds: string[]): void;
	/** Called for unknown outcomes, and for payments in review. */
	onProblem(level: "warn" | "error", message: string): void;
	/** From 0 to 1, for jitter after a rate limit. */
	chance?(): number;
}

/** So long (ms) after one charge of a batch has ended, the others continue in the background. */
const idleMs = 25;

/**
 * Charges orders, each once. A payment's row is on disk before the provider is called, its id is the provider's
 * idempotency key, and an unknown outcome is looked up, never guessed.
 */
export class Charges {
	readonly #options: ChargesOptions;
	readonly #recorder: Batcher<Verdict, PaymentRow | undefined>;
	readonly #sendReverter: Batcher<PaymentRow, void>;
	readonly #late: Batcher<string, void>;
	readonly #running = new Set<Promise<unknown>>();

	constructor(options: ChargesOptions) {
		this.#options = options;
		this.#recorder = new Batcher({ run: verdicts => this.#recordAll(verdicts) });
		this.#sendReverter = new Batcher({
			run: async rows => {
				await options.repository.revertSend(rows);
				return rows.map(() => undefined);
			}
		});
		this.#late = new Batcher({
			run: async orderIds => {
				options.onLate([...new Set(orderIds)]);
				return orderIds.map(() => undefined);
			}
		});
	}

	/**
	 * One outcome per charge, in order; `processing` while it is unknown.
	 * @throws VALIDATION_FAILED when the lines of a charge do not sum to its amount
	 */
	async charge(charges: Charge[]): Promise<ChargeOutcome[]> {
		if (!charges.every(({ amount, lines }) => areLinesOf(amount.amount, lines)))
			fail("VALIDATION_FAILED", "Lines must sum to the amount, one per product");
		const { repository } = this.#options;
		const orders = new Map(charges.toReversed().map(charge => [charge.order_id, charge]));
		const since = performance.now();
		const created = await repository.begin([...orders.values()]);
		for (const { order_id } of created) orders.delete(order_id);
		const known = orders.size > 0 ? await repository.find([...orders.keys()]) : [];
		const rows = await this.#reviewAmountMismatch(charges, [...created, ...known]);
		const fresh = new Set(created.map(({ id }) => id));
		const settled = await this.#settle(rows, row =>
			fresh.has(row.id) ? this.#send(row, since) : this.#lookUp(row, "charge")
		);
		return outcomesOf(
			charges.map(({ order_id }) => order_id),
			settled
		);
	}

	/** One outcome per order, in order; `absent` if there is no payment. */
	async resolve(orderIds: string[], intent: Intent = "charge"): Promise<ChargeOutcome[]> {
		const rows = await this.#options.repository.find(orderIds);
		return outcomesOf(orderIds, await this.#settle(rows, row => this.#lookUp(row, intent)));
	}

	/**
	 * The same; afterwards no order without a payment can be charged, nor one whose charge never reached the
	 * provider.
	 */
	async void(orderIds: string[]): Promise<ChargeOutcome[]> {
		await this.#options.repository.void(orderIds);
		return this.resolve(orderIds, "void");
	}

	/** Looks a payment up again, after a hint. */
	async wake(row: PaymentRow): Promise<void> {
		if (row.status === "failed" && row.failure_code === "voided")
			return this.reconcileVoided([row]);
		if (row.status !== "processing") return;
		const [now] = await this.resolve([row.order_id]);
		if (now!.status !== "processing") this.#options.onLate([row.order_id]);
	}

	/** Looks up voided charges; those that were made nevertheless are recorded, or cancelled. */
	async reconcileVoided(voided: PaymentRow[]): Promise<void> {
		const lookUp = (row: PaymentRow) => this.#lookUp(row, "void");
		await Promise.all(voided.map(row => this.#guarded(row, lookUp)));
	}

	/** Resolves when nothing runs in the background any more. */
	async idle(): Promise<void> {
		await Promise.all(this.#running);
	}

	/** Payments charged again with another amount are put in review, unless no money can move for them. */
	async #reviewAmountMismatch(charges: Charge[], rows: PaymentRow[]): Promise<PaymentRow[]> {
		const recorded = new Map(rows.map(row => [row.id, row]));
		const wrong = charges
			.map(({ order_id, amount }) => ({ amount, row: recorded.get(paymentIdOf(order_id))! }))
			.filter(({ amount, row }) => row.status !== "failed" && differs(amount, row))
			.map(({ row }) => row.id);
		if (wrong.length === 0) return rows;
		const { repository, onProblem, onRecorded } = this.#options;
		onProblem("error", `charges repeated with another amount: ${wrong.join(", ")}`);
		onRecorded(await repository.review(wrong, "amount_mismatch"));
		return rows.map(row => (wrong.includes(row.id) ? { ...row, status: "review" } : row));
	}

	/** Processes all rows that are processing, in parallel; returns their state when none has changed for a while. */
	async #settle(
		rows: PaymentRow[],
		work: (row: PaymentRow) => Promise<PaymentRow>
	): Promise<Map<string, PaymentRow>> {
		const now = new Map(rows.map(row => [row.id, row]));
		const open = rows.filter(({ status }) => status === "processing");
		let answered = false;
		const works = open.map(async row => {
			const then = await this.#guarded(row, work);
			now.set(row.id, then);
			if (answered && then.status !== "processing") await this.#late.add(row.order_id);
		});
		const all = Promise.all(works);
		this.#running.add(all);
		void all.finally(() => this.#running.delete(all));
		await waitUntilIdle(works, this.#options.chargeWaitMs, idleMs);
		answered = true;
		return new Map(now);
	}

	/** Any error leaves the outcome unknown, so the payment is not changed. */
	async #guarded(
		row: PaymentRow,
		work: (row: PaymentRow) => Promise<PaymentRow>
	): Promise<PaymentRow> {
		try {
			return await work(row);
		} catch (error) {
			this.#options.onProblem("warn", `payment ${row.id}: ${(error as Error).message}`);
			return row;
		}
	}

	/**
	 * @param since (of `performance.now()`) when this attempt was claimed
	 * @param tries how many attempts this node has made in a row
	 */
	async #send(row: PaymentRow, since: number, tries = 1): Promise<PaymentRow> {
		try {
			// A node that was stopped may find its charge voided meanwhile, and must not send it when it resumes.
			if (performance.now() - since > sendWithinMs) throw new NotSent("too late to send it");
			const outcome = await this.#options.provider.charge({
				key: row.id,
				order_id: row.order_id,
				amount: { amount: row.amount_minor, currency: row.currency },
				payment_method: row.payment_method
			});
			return await this.#record(row, outcome, "charge");
		} catch (error) {
			if (error instanceof RateLimited) return this.#retryRateLimited(row, error, tries);
			if (error instanceof NotSent) await this.#sendReverter.add(row);
			if (!(error instanceof IdempotencyConflict)) throw error;
			return this.#verdict(row, { status: "review", reason: "provider_conflict" });
		}
	}

	/** Repeats the attempt after the provider's Retry-After: on this node if that is soon, else on the next call. */
	async #retryRateLimited(row: PaymentRow, error: RateLimited, tries: number): Promise<PaymentRow> {
		const { repository, onProblem, chance = Math.random } = this.#options;
		const ms = pauseMs(tries, error.retryAfterMs, chance());
		onProblem("warn", `payment ${row.id}: rate-limited, retrying in ${ms} ms: ${error.message}`);
		await repository.deferAttempt(row, ms);
		if (tries === maxAttempts || ms > maxInlinePauseMs) return row;
		await sleep(ms);
		return this.#resend(row, tries + 1);
	}

	async #resend(row: PaymentRow, tries = 1): Promise<PaymentRow> {
		const since = performance.now();
		const taken = await this.#options.repository.resend(row);
		return taken ? this.#send(taken, since, tries) : row;
	}

	async #lookUp(row: PaymentRow, intent: Intent): Promise<PaymentRow> {
		const { provider } = this.#options;
		if (row.sends === 0) return intent === "void" ? this.#voidUnsent(row) : this.#resend(row);
		const step = firstStep(row, intent);
		if (step !== "look_up") return step === "send" ? this.#resend(row) : row;
		const found = await provider.retrieve(row.id, row.provider_ref).catch((error: Error) => {
			this.#options.onProblem("warn", `payment ${row.id}: ${error.message}`);
			return "unreachable" as const;
		});
		switch (nextStep(found, row, provider.maxProcessingMs, intent)) {
			case "send":
				return this.#resend(row);
			case "void":
				return this.#voidUnsent(row);
			case "abandon":
				return this.#record(row, await provider.abandon(row.id, refOf(found)), intent);
			case "review":
				return this.#verdict(row, { status: "review", reason: "unknown_for_a_day" });
			default:
				return typeof found === "object" ? this.#record(row, found, intent) : row;
		}
	}

	async #voidUnsent(row: PaymentRow): Promise<PaymentRow> {
		const { repository, provider, onRecorded } = this.#options;
		const voided = await repository.voidUnsent(row, provider.maxProcessingMs);
		if (voided) onRecorded([voided]);
		return voided ?? row;
	}

	async #record(row: PaymentRow, outcome: Outcome, intent: Intent): Promise<PaymentRow> {
		const { repository, challengeMs } = this.#options;
		switch (outcome.status) {
			case "processing":
				return row;
			case "action_required":
				if (row.action_url) return row;
				return (await repository.challenge(row, outcome, challengeMs)) ?? row;
			case "failed":
				return this.#verdict(row, { ...outcome, code: reasonOf(outcome.code, row, intent) });
			case "succeeded": {
				const { ref, amount } = outcome;
				const isOurs = !amount || !differs(amount, row);
				return this.#verdict(
					row,
					isOurs ? outcome : { status: "review", reason: "amount_mismatch", ref }
				);
			}
		}
	}

	async #verdict(row: PaymentRow, ending: Ending): Promise<PaymentRow> {
		const recorded = await this.#recorder.add({ ...ending, id: row.id });
		// Another attempt at the same payment may have recorded it first.
		return recorded ?? (await this.#options.repository.find([row.order_id]))[0] ?? row;
	}

	async #recordAll(verdicts: Verdict[]): Promise<(PaymentRow | undefined)[]> {
		const rows = await this.#options.repository.record(verdicts);
		this.#options.onRecorded(rows);
		const changed = new Map(rows.map(row => [row.id, row]));
		return verdicts.map(({ id }) => changed.get(id));
	}
}

function differs({ amount, currency }: Charge["amount"], row: PaymentRow): boolean {
	return amount !== row.amount_minor || currency !== row.currency;
}

function refOf(found: Outcome | "unreachable" | undefined): string {
	return (found as Extract<Outcome, { status: "action_required" }>).ref;
}

function awaitsCustomer({ status, action_url, overdue }: PaymentRow): boolean {
	return status === "processing" && action_url !== null && !overdue;
}

function outcomesOf(orderIds: string[], rows: ReadonlyMap<string, PaymentRow>): ChargeOutcome[] {
	return orderIds.map(order_id => {
		const payment_id = paymentIdOf(order_id);
		const row = rows.get(payment_id);
		return {
			order_id,
			payment_id,
			status: row?.status ?? "absent",
			failure_code: row?.failure_code ?? null,
			awaits_customer: row !== undefined && awaitsCustomer(row)
		};
	});
}
