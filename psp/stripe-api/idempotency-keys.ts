import { setTimeout as delay } from "node:timers/promises";
import type { RecordedRequest } from "../ledger/book.ts";
import type { Call } from "./call.ts";
import type { Reply } from "./reply.ts";
import type { Engine } from "../ledger/engine.ts";
import type { Asked } from "../ledger/lines.ts";
import type { InjectedFault } from "../ledger/payment-methods.ts";
import { RejectedKeys } from "../ledger/rejected-keys.ts";
import { internal, keyInUse, keyReused, rateLimited, unavailable } from "./stripe-errors.ts";

/** Stripe deletes a key after at least a day; a later request under it charges again. */
const forgottenAfterMs = 24 * 3_600_000;

/** Closes the connection without a response. */
class Dropped extends Error {}

interface Once {
	fault: InjectedFault;
	/** Writes the line; runs once per key. */
	run(asked: Asked): Promise<RecordedRequest>;
	/** The response, derived from the ledger. */
	answer(recorded: RecordedRequest): Reply;
}

/**
 * One effect and one response per key: a completed request gets the same response again from the ledger,
 * even a 500; a request that was refused before it was executed is not stored.
 */
export class Idempotency {
	readonly #engine: Engine;
	readonly #running = new Set<string>();
	readonly #rejectedKeys = new RejectedKeys();

	constructor(engine: Engine) {
		this.#engine = engine;
	}

	/** @throws Refusal, Dropped */
	async once(call: Call, { fault, run, answer }: Once): Promise<Reply> {
		const { idempotencyKey: key, fingerprint, requestId } = call;
		const before = key === null ? undefined : this.#remembered(key);
		if (before) return this.#again(before, fingerprint, answer);
		if (key !== null && this.#running.has(key)) throw keyInUse();
		if (key !== null) this.#running.add(key);
		try {
			this.#rejectOnce(key, fault);
			if (fault.hangMs) await delay(fault.hangMs);
			const failed = fault.after === "error";
			const asked = { idempotency_key: key, fingerprint, request_id: requestId, failed };
			const recorded = await run(asked);
			if (key !== null) this.#rejectedKeys.forget(key);
			const reply = answered(recorded, answer);
			return { ...reply, lost: fault.after === "drop" };
		} finally {
			if (key !== null) this.#running.delete(key);
		}
	}

	#remembered(key: string): RecordedRequest | undefined {
		const recorded = this.#engine.state.requestOf(key);
		if (!recorded) return undefined;
		const ageMs = this.#engine.now().getTime() - Date.parse(recorded.line.at);
		return ageMs < forgottenAfterMs ? recorded : undefined;
	}

	#again(before: RecordedRequest, fingerprint: string, answer: Once["answer"]): Reply {
		const asked = before.line.asked!;
		if (asked.fingerprint !== fingerprint) throw keyReused();
		const headers = { "Idempotent-Replayed": "true", "Original-Request": asked.request_id };
		return { ...answered(before, answer), headers };
	}

	#rejectOnce(key: string | null, { refuse }: InjectedFault): void {
		if (refuse && (key === null || this.#rejectedKeys.rejects(key))) refuseWith(refuse);
	}
}

function answered(recorded: RecordedRequest, answer: Once["answer"]): Reply {
	return recorded.line.asked?.failed
		? { status: 500, body: { error: internal } }
		: answer(recorded);
}

/** @throws Refusal, Dropped always */
export function refuseWith(refuse: NonNullable<InjectedFault["refuse"]>): never {
	if (refuse === "drop") throw new Dropped();
	throw refuse === "rate_limit" ? rateLimited() : unavailable();
}
