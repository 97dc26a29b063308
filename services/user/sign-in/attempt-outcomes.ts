import type { ServiceBroker } from "moleculer";
import { is } from "../../../lib/errors.ts";
import { RepeatedLines } from "../../../lib/log/repeated-lines.ts";

/** What clients try. */
export type Attempt = "sign_in" | "registration";

/** `limited`: too many before it, so nothing was hashed. `overloaded`: too much is hashed already. */
export type AttemptResult = "ok" | "wrong" | "limited" | "overloaded" | "error";

function resultOf(error: unknown): AttemptResult {
	if (is(error, "INVALID_CREDENTIALS")) return "wrong";
	if (is(error, "TOO_MANY_SIGN_INS") || is(error, "TOO_MANY_REGISTRATIONS")) return "limited";
	return is(error, "OVERLOADED") ? "overloaded" : "error";
}

const texts: Record<Attempt, Partial<Record<AttemptResult, string>>> = {
	sign_in: {
		wrong: "a sign-in failed: wrong e-mail address or password, or locked",
		limited: "a sign-in was refused: too many failed before it",
		overloaded: "a sign-in was refused: too many are in progress"
	},
	registration: {
		limited: "a registration was refused: too many from its network",
		overloaded: "a registration was refused: too many are in progress"
	}
};

/** Counts attempts by their result in the metrics, and failures in the log, without names. */
export class AttemptOutcomes {
	readonly #broker: ServiceBroker;
	readonly #lines: RepeatedLines;

	constructor(broker: ServiceBroker, log: (line: string) => void) {
		this.#broker = broker;
		this.#lines = new RepeatedLines(log);
	}

	async observe<R>(attempt: Attempt, work: () => Promise<R>): Promise<R> {
		try {
			const result = await work();
			this.#add(attempt, "ok");
			return result;
		} catch (error) {
			this.#add(attempt, resultOf(error));
			throw error;
		}
	}

	stop(): void {
		this.#lines.stop();
	}

	#add(attempt: Attempt, result: AttemptResult): void {
		const labels = { attempt, result };
		const metric = { name: "shop_account_attempts_total", method: "inc", labels };
		void this.#broker.broadcastLocal("metrics.update", metric);
		const text = texts[attempt][result];
		if (text) this.#lines.add(`${attempt} ${result}`, text);
	}
}
