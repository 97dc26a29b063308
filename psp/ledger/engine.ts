import { randomBytes } from "node:crypto";
import type { LedgerState, Refund } from "./book.ts";
import type { Charge } from "./charge.ts";
import { Ledger } from "./ledger.ts";
import type { AnswerLine, Asked, ChargeLine, RefundLine } from "./lines.ts";
import type { TestMethod } from "./payment-methods.ts";

export type ChargeAttempt = Pick<
	ChargeLine,
	"key" | "ref" | "amount" | "currency" | "payment_method" | "metadata" | "asked"
> & {
	/** The URL to which a challenge redirects. */
	return_url: string | null;
	/** How the card behaves; undefined for an unknown card, whose charge fails. */
	method: TestMethod | undefined;
	/** The card's bank declines this charge. */
	decline?: boolean;
};

export type RefundAttempt = Omit<RefundLine, "kind" | "at">;

/** Makes charges, answers and refunds: writes the line, then returns the resulting state. */
export class Engine {
	readonly #ledger: Ledger;

	private constructor(ledger: Ledger) {
		this.#ledger = ledger;
	}

	/** @param path of the ledger; created when it is missing, shared with other processes */
	static async open(path: string): Promise<Engine> {
		return new Engine(await Ledger.open(path));
	}

	get state(): LedgerState {
		return this.#ledger.state;
	}

	/** By the adjustable clock. */
	now(): Date {
		return new Date(Date.now() + this.state.clockOffsetMs);
	}

	async advance(ms: number): Promise<void> {
		await this.#ledger.append({ kind: "clock", advance_ms: ms });
	}

	/** Returns the charge under the key, and this attempt, which need not be the one that made it. */
	async charge(attempt: ChargeAttempt): Promise<{ charge: Charge; line: ChargeLine }> {
		const { return_url, method, decline, ...given } = attempt;
		const failure_code = decline ? "card_declined" : failureOf(method);
		const challenge = method?.challenge && !decline ? { secret: secret(), return_url } : null;
		const status = challenge ? "action_required" : failure_code ? "failed" : "succeeded";
		const line: ChargeLine = {
			kind: "charge",
			...given,
			status,
			failure_code,
			challenge,
			at: this.#at()
		};
		await this.#ledger.append(line);
		return { charge: this.state.chargeOf(line.key)!, line };
	}

	/** Writes a customer's answer, if there is such a charge; returns the line. */
	async answer(
		charge_ref: string,
		says: AnswerLine["says"],
		asked: Asked | null = null
	): Promise<AnswerLine> {
		const line: AnswerLine = { kind: "answer", charge_ref, says, asked, at: this.#at() };
		await this.#ledger.append(line);
		return line;
	}

	/** Returns the refund under the key, and this attempt, which need not be the one that made it. */
	async refund(attempt: RefundAttempt): Promise<{ refund: Refund; line: RefundLine }> {
		const line: RefundLine = { kind: "refund", ...attempt, at: this.#at() };
		await this.#ledger.append(line);
		return { refund: this.state.refunds.get(line.key)!, line };
	}

	async delivered(event: string): Promise<void> {
		await this.#ledger.append({ kind: "delivery", event });
	}

	#at(): string {
		return this.now().toISOString();
	}

	/** Reads the lines of other processes. */
	refresh(): Promise<void> {
		return this.#ledger.refresh();
	}

	close(): Promise<void> {
		return this.#ledger.close();
	}
}

function failureOf(method: TestMethod | undefined): string | null {
	return method ? (method.failure ?? null) : "payment_method_unknown";
}

function secret(): string {
	return randomBytes(18).toString("base64url");
}
