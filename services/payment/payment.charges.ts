import type { Charge, ChargeOutcome } from "../../contracts/payment.ts";
import { Batcher } from "../../lib/batcher.ts";
import { ask, within } from "./payment.calls.ts";
import { IdempotencyConflict, type Outcome, type PaymentProvider } from "./payment.provider.ts";
import {
	paymentIdOf,
	type PaymentRepository,
	type PaymentRow,
	type Verdict
} from "./payment.repository.ts";
import { nextStep } from "./payment.unknown.ts";

export interface ChargesOptions {
	repository: PaymentRepository;
	provider: PaymentProvider;
	/** Longest wait of a batch; what runs longer goes on by itself. */
	answerMs: number;
	/** Told of every payment whose outcome was recorded just now. */
	onRecorded(rows: PaymentRow[]): void;
	/** Told of outcomes that are not known, and of what a human must look at. */
	onTrouble(level: "warn" | "error", message: string): void;
}

/**
 * Charges orders, each once. A payment's row is on disk before the provider hears of it, its id is
 * the provider's key for ever, and an outcome that is not known is looked up, never guessed.
 */
export class Charges {
	readonly #options: ChargesOptions;
	readonly #recorder: Batcher<Verdict, PaymentRow | undefined>;
	readonly #running = new Set<Promise<void>>();

	constructor(options: ChargesOptions) {
		this.#options = options;
		this.#recorder = new Batcher({ run: verdicts => this.#recordAll(verdicts) });
	}

	/** One outcome per charge asked, in order; `processing` where it is not known yet. */
	async charge(asked: Charge[]): Promise<ChargeOutcome[]> {
		const { repository } = this.#options;
		const orders = new Map(asked.toReversed().map(charge => [charge.order_id, charge]));
		const begun = await repository.begin([...orders.values()]);
		for (const { order_id } of begun) orders.delete(order_id);
		const known = orders.size > 0 ? await repository.find([...orders.keys()]) : [];
		const rows = await this.#reviewed(asked, [...begun, ...known]);
		const fresh = new Set(begun.map(({ id }) => id));
		const settled = await this.#settle(rows, row =>
			fresh.has(row.id) ? this.#send(row) : this.#lookUp(row)
		);
		return outcomesOf(
			asked.map(({ order_id }) => order_id),
			settled
		);
	}

	/** One outcome per order asked, in order; `absent` where no payment was ever begun. */
	async resolve(orderIds: string[]): Promise<ChargeOutcome[]> {
		const rows = await this.#options.repository.find(orderIds);
		return outcomesOf(orderIds, await this.#settle(rows, row => this.#lookUp(row)));
	}

	/** The same, after which no order without a payment can ever be charged. */
	async void(orderIds: string[]): Promise<ChargeOutcome[]> {
		await this.#options.repository.void(orderIds);
		return this.resolve(orderIds);
	}

	/** Resolves when nothing runs in the background any more. */
	async idle(): Promise<void> {
		await Promise.all(this.#running);
	}

	/** Payments asked for again with another amount go to a human, unless no money can move for them. */
	async #reviewed(asked: Charge[], rows: PaymentRow[]): Promise<PaymentRow[]> {
		const recorded = new Map(rows.map(row => [row.id, row]));
		const wrong = asked
			.map(({ order_id, amount }) => ({ amount, row: recorded.get(paymentIdOf(order_id))! }))
			.filter(({ amount, row }) => row.status !== "failed" && differs(amount, row))
			.map(({ row }) => row.id);
		if (wrong.length === 0) return rows;
		const { repository, onTrouble, onRecorded } = this.#options;
		onTrouble("error", `charges asked again with another amount: ${wrong.join(", ")}`);
		onRecorded(await repository.review(wrong, "amount_mismatch"));
		return rows.map(row => (wrong.includes(row.id) ? { ...row, status: "review" } : row));
	}

	/** Works on all rows that are processing, in parallel, for `answerMs`; answers them as they then are. */
	async #settle(
		rows: PaymentRow[],
		work: (row: PaymentRow) => Promise<PaymentRow>
	): Promise<Map<string, PaymentRow>> {
		const now = new Map(rows.map(row => [row.id, row]));
		const open = rows.filter(({ status }) => status === "processing");
		const all = Promise.all(
			open.map(async row => void now.set(row.id, await this.#guarded(row, work)))
		).then(() => undefined);
		this.#running.add(all);
		void all.finally(() => this.#running.delete(all));
		await within(this.#options.answerMs, all, undefined);
		return new Map(now);
	}

	/** Any error leaves the outcome unknown, so the payment stays as it is. */
	async #guarded(
		row: PaymentRow,
		work: (row: PaymentRow) => Promise<PaymentRow>
	): Promise<PaymentRow> {
		try {
			return await work(row);
		} catch (error) {
			this.#options.onTrouble("warn", `payment ${row.id}: ${(error as Error).message}`);
			return row;
		}
	}

	async #send(row: PaymentRow): Promise<PaymentRow> {
		try {
			const outcome = await ask(() =>
				this.#options.provider.charge({
					key: row.id,
					order_id: row.order_id,
					amount: { amount: row.amount_minor, currency: row.currency },
					payment_method: row.payment_method
				})
			);
			return await this.#record(row, outcome);
		} catch (error) {
			if (!(error instanceof IdempotencyConflict)) throw error;
			return this.#record(row, { status: "review", reason: "provider_conflict" });
		}
	}

	async #lookUp(row: PaymentRow): Promise<PaymentRow> {
		const { provider } = this.#options;
		const found = await ask(() => provider.retrieve(row.id)).catch((error: Error) => {
			this.#options.onTrouble("warn", `payment ${row.id}: ${error.message}`);
			return "unreachable" as const;
		});
		const step = nextStep(found, row.age_ms, provider.maxProcessingMs);
		if (step === "send") return this.#send(row);
		if (step === "review")
			return this.#record(row, { status: "review", reason: "unknown_for_a_day" });
		return step === "record" ? this.#record(row, found as Outcome) : row;
	}

	async #record(
		row: PaymentRow,
		outcome: Outcome | { status: "review"; reason: string }
	): Promise<PaymentRow> {
		if (outcome.status === "processing" || outcome.status === "action_required") return row;
		const recorded = await this.#recorder.add({ id: row.id, ...outcome });
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

function outcomesOf(orderIds: string[], rows: ReadonlyMap<string, PaymentRow>): ChargeOutcome[] {
	return orderIds.map(order_id => {
		const payment_id = paymentIdOf(order_id);
		const row = rows.get(payment_id);
		return {
			order_id,
			payment_id,
			status: row?.status ?? "absent",
			failure_code: row?.failure_code ?? null
		};
	});
}
