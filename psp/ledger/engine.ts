import { randomBytes } from "node:crypto";
import type { LedgerState } from "./book.ts";
import type { Charge, Dispute, Refund } from "./charge.ts";
import { laterChanges } from "./later-changes.ts";
import { Ledger } from "./ledger.ts";
import type {
	AnswerLine,
	Asked,
	ChargeLine,
	DisputeLine,
	DisputeUpdateLine,
	RefundLine,
	RefundUpdateLine
} from "./lines.ts";
import { laterMs, testMethod, type TestMethod } from "./payment-methods.ts";

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
	/** Called when a change has happened that no request made. */
	onLaterChange: () => void = () => undefined;
	readonly #timers = new Map<string, NodeJS.Timeout>();

	private constructor(ledger: Ledger) {
		this.#ledger = ledger;
	}

	/** @param path of the ledger; created when it is missing, shared with other processes */
	static async open(path: string): Promise<Engine> {
		const engine = new Engine(await Ledger.open(path));
		engine.#scheduleLaterChanges();
		return engine;
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
		this.#scheduleLaterChanges();
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
		this.#scheduleLaterChanges();
		return line;
	}

	/** Returns the refund under the key, and this attempt, which need not be the one that made it. */
	async refund(attempt: RefundAttempt): Promise<{ refund: Refund; line: RefundLine }> {
		const { charge_ref } = attempt;
		const isFirst = this.state.refundsOf(charge_ref).every(({ refused }) => refused);
		const method = testMethod(this.state.charge(charge_ref)?.line.payment_method ?? "");
		const status = isFirst ? method?.firstRefund?.status : undefined;
		const line: RefundLine = {
			kind: "refund",
			...attempt,
			...(status && { status }),
			at: this.#at()
		};
		await this.#ledger.append(line);
		this.#scheduleLaterChanges();
		return { refund: this.state.refunds.get(line.key)!, line };
	}

	/** Changes a refund, e.g. because a bank returns it; returns it, or undefined if there is none. */
	async updateRefund(key: string, status: RefundUpdateLine["status"]): Promise<Refund | undefined> {
		await this.#ledger.append({ kind: "refund_update", key, status, at: this.#at() });
		return this.state.refunds.get(key);
	}

	/** Opens a dispute; undefined if there is no such successful charge. */
	async dispute(opened: Omit<DisputeLine, "kind" | "at">): Promise<Dispute | undefined> {
		await this.#ledger.append({ kind: "dispute", ...opened, at: this.#at() });
		return this.state.disputes.get(opened.ref);
	}

	/** Decides an open dispute; undefined if there is none. */
	async closeDispute(
		ref: string,
		status: DisputeUpdateLine["status"]
	): Promise<Dispute | undefined> {
		await this.#ledger.append({ kind: "dispute_update", ref, status, at: this.#at() });
		return this.state.disputes.get(ref);
	}

	/** Schedules what cards do later, once each. */
	#scheduleLaterChanges(): void {
		for (const { id, since, line } of laterChanges(this.state)) {
			if (this.#timers.has(id)) continue;
			const dueMs = Math.max(Date.parse(since) + laterMs - this.now().getTime(), 0);
			const change = async () => {
				await this.#ledger.append({ ...line, at: this.#at() });
				this.#timers.delete(id);
				this.onLaterChange();
			};
			// Until the process ends: a ledger that is closed meanwhile is not written to any more.
			const timer = setTimeout(() => void change().catch(() => undefined), dueMs);
			this.#timers.set(id, timer.unref());
		}
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
		for (const timer of this.#timers.values()) clearTimeout(timer);
		return this.#ledger.close();
	}
}

function failureOf(method: TestMethod | undefined): string | null {
	return method ? (method.failure ?? null) : "payment_method_unknown";
}

function secret(): string {
	return randomBytes(18).toString("base64url");
}
