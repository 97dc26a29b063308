import { setTimeout as delay } from "node:timers/promises";
import { sameRequest, type Charge } from "../../../psp/ledger/charge.ts";
import { challengeUrl } from "../../../psp/stripe-api/challenge.ts";
import { refusedCharge, refusedRefund } from "../../../psp/stripe-api/amounts/currency-rules.ts";
import type { Refusal } from "../../../psp/stripe-api/stripe-errors.ts";
import { ChallengeServer } from "../../../psp/stripe-api/challenge-server.ts";
import { Engine } from "../../../psp/ledger/engine.ts";
import { testMethod, type InjectedFault } from "../../../psp/ledger/payment-methods.ts";
import { RejectedKeys } from "../../../psp/ledger/rejected-keys.ts";
import type { Refund } from "../../../psp/ledger/charge.ts";
import { fromStripe, toStripe } from "./amount-mapping.ts";
import { signedEvent } from "./signed-event.ts";
import {
	IdempotencyConflict,
	ProviderUnavailable,
	RateLimited,
	type ChargeRequest,
	type Dispute,
	type ListedRefund,
	type Outcome,
	type PaymentProvider,
	type ProviderEvent,
	type RefundOutcome,
	type RefundRequest,
	type StatementLine
} from "./provider.ts";

export interface SimulatorOptions {
	/** Path of the ledger; created when it is missing, shared with other processes. */
	path: string;
	webhookSecret?: string;
	/** The URL to which a challenge redirects. */
	returnUrl?: string;
}

/**
 * A payment provider for one host, in this process. Its state is a file and not in Postgres, so that it is an
 * independent record of charges: see `readLedger`.
 */
export class SimulatedProvider implements PaymentProvider {
	/** Longer than the slowest usual test method and the wait of a caller (8 s) with its flush. */
	readonly maxProcessingMs = 10_000;
	readonly #engine: Engine;
	readonly #challenges: ChallengeServer;
	readonly #options: SimulatorOptions;
	readonly #rejectedKeys = new RejectedKeys();

	private constructor(engine: Engine, options: SimulatorOptions) {
		this.#engine = engine;
		this.#challenges = new ChallengeServer(engine);
		this.#options = options;
	}

	static async open(options: SimulatorOptions): Promise<SimulatedProvider> {
		return new SimulatedProvider(await Engine.open(options.path), options);
	}

	async charge({ key, order_id, amount, payment_method }: ChargeRequest): Promise<Outcome> {
		const method = testMethod(payment_method);
		const { currency } = amount;
		const units = toStripe(amount);
		if (!this.#engine.state.chargeOf(key)) {
			const code = units === undefined ? amountRefused : refusalOf(refusedCharge(units, currency));
			if (code) return { status: "failed", ref: null, code, method: { brand: null, last4: null } };
		}
		const { charge, line } = await this.#withFault(key, method?.charge, () =>
			this.#engine.charge({
				key,
				ref: `ch_${key}`,
				amount: units!,
				currency,
				payment_method,
				metadata: { payment_id: key, order_id },
				return_url: this.#options.returnUrl ?? null,
				method,
				asked: null
			})
		);
		if (!sameRequest(charge.line, line)) throw new IdempotencyConflict(key);
		return this.#outcome(charge);
	}

	async retrieve(key: string): Promise<Outcome | undefined> {
		await this.#engine.refresh();
		const charge = this.#engine.state.chargeOf(key);
		return charge && this.#outcome(charge);
	}

	async abandon(key: string, ref: string): Promise<Outcome> {
		await this.#engine.answer(ref, "canceled");
		return (await this.retrieve(key))!;
	}

	async refund(request: RefundRequest): Promise<RefundOutcome> {
		const { key, payment_id, charge_ref, amount, reason } = request;
		await this.#engine.refresh();
		const charge = this.#engine.state.charge(charge_ref);
		const { currency } = amount;
		const units = toStripe(amount);
		if (units === undefined || (charge && refusedRefund(units, charge.line)))
			return { status: "failed", code: amountRefused };
		const method = charge?.line.payment_method ?? "";
		const { refund, line } = await this.#withFault(key, testMethod(method)?.refund, () =>
			this.#engine.refund({
				key,
				charge_ref,
				amount: units,
				currency,
				reason,
				metadata: { payment_id, refund_id: key },
				ref: `re_${key}`,
				asked: null
			})
		);
		if (!sameRequest(refund.line, line)) throw new IdempotencyConflict(key);
		return refundOutcome(refund);
	}

	async refundsOf(chargeRef: string): Promise<ListedRefund[]> {
		await this.#engine.refresh();
		const all = this.#engine.state.refundsOf(chargeRef).filter(({ refused }) => !refused);
		return all.map(refund => {
			const { ref, amount, currency, metadata } = refund.line;
			const key = metadata.refund_id ?? null;
			return { key, ref, amount: fromStripe(amount, currency), outcome: refundOutcome(refund) };
		});
	}

	async disputesOf(chargeRef: string): Promise<Dispute[]> {
		await this.#engine.refresh();
		return this.#engine.state
			.disputesOf(chargeRef)
			.map(({ line: { ref, amount, currency, reason }, status }) => ({
				ref,
				amount: fromStripe(amount, currency),
				reason,
				status
			}));
	}

	event(rawBody: Buffer, signature: string | undefined): ProviderEvent | undefined {
		return signedEvent(rawBody, signature, this.#options.webhookSecret);
	}

	async *statement(since: Date): AsyncIterable<StatementLine> {
		await this.#engine.refresh();
		for (const { line, status, refunded } of this.#engine.state.charges()) {
			if (new Date(line.at) < since) continue;
			const { payment_id = null, order_id = null } = line.metadata;
			const { ref, amount, currency } = line;
			const money = {
				amount: fromStripe(amount, currency),
				refunded: fromStripe(refunded, currency)
			};
			yield { payment_id, order_id, ref, status, ...money };
		}
	}

	async close(): Promise<void> {
		await this.#challenges.close();
		await this.#engine.close();
	}

	/** Does the work with the test card's fault in the first attempt. */
	async #withFault<R>(key: string, fault: InjectedFault = {}, work: () => Promise<R>): Promise<R> {
		const { state } = this.#engine;
		const again = Boolean(state.chargeOf(key) ?? state.refunds.get(key));
		if (fault.refuse && !again && this.#rejectedKeys.rejects(key)) {
			if (fault.refuse === "rate_limit") throw new RateLimited(fault.refuse, 1000);
			throw new ProviderUnavailable(fault.refuse);
		}
		const { hangMs = 0 } = fault;
		if (hangMs > 0 && !again) await delay(hangMs);
		// After this time the caller assumes that the charge can no longer be made.
		if (hangMs >= this.maxProcessingMs && !again) throw new ProviderUnavailable("timed out");
		const done = await work();
		this.#rejectedKeys.forget(key);
		if (fault.after && !again) throw new ProviderUnavailable("connection lost");
		return done;
	}

	async #outcome(charge: Charge): Promise<Outcome> {
		const { ref, payment_method, amount, currency } = charge.line;
		if (charge.status === "action_required") {
			const url = challengeUrl(await this.#challenges.origin(), charge);
			return { status: "action_required", ref, url };
		}
		const { brand = null, last4 = null } = testMethod(payment_method) ?? {};
		const method = { brand, last4 };
		if (charge.status === "succeeded")
			return { status: "succeeded", ref, method, amount: fromStripe(amount, currency) };
		return { status: "failed", ref, code: charge.failure_code!, method };
	}
}

const amountRefused = "amount_refused";

/** As the Stripe driver words it. */
function refusalOf(refused: Refusal | undefined): string | undefined {
	if (!refused) return undefined;
	return refused.error.param === "currency" ? "currency_refused" : amountRefused;
}

function refundOutcome({ line, refused, status }: Refund): RefundOutcome {
	if (refused) return { status: "failed", code: refused };
	if (status === "failed") return { status, code: "expired_or_canceled_card" };
	return status === "pending" ? { status } : { status, ref: line.ref };
}
