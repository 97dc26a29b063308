import { fail } from "../../../lib/errors.ts";
import type { AttemptLimits, Claim, CountedAttempt } from "./attempt-limits.ts";
import type { AttemptOutcomes } from "./attempt-outcomes.ts";
import { BulkheadByKey } from "./bulkhead.ts";

/**
 * A crowd in one network waits here for itself: no more of it than are hashed at one time wait with other networks for a
 * hash. With the wait for a hash, the longest wait is less than CALL_TIMEOUT_MS.
 */
const perNetwork = { concurrency: 2, queue: 200, waitWithinMs: 3000 } as const;

/** The key of calls that no client made. */
const noNetwork = "";

/**
 * Stands before everything that hashes a password for a client. What is limited already is refused before it waits for
 * anything; what is not is counted before it is hashed, and the count is taken back unless a password was wrong.
 */
export class AttemptGuard {
	readonly #limits: AttemptLimits;
	readonly #outcomes: AttemptOutcomes;
	readonly #bulkheads = new BulkheadByKey(perNetwork);

	constructor(limits: AttemptLimits, outcomes: AttemptOutcomes) {
		this.#limits = limits;
		this.#outcomes = outcomes;
	}

	/**
	 * @param check the account, if the password is right and it may sign in
	 * @throws INVALID_CREDENTIALS, TOO_MANY_SIGN_INS, OVERLOADED
	 */
	signIn<A>(claim: Claim, check: () => Promise<A | undefined>): Promise<A> {
		return this.#outcomes.observe("sign_in", async () => {
			await this.#limits.refuseLimitedSignIn(claim);
			return this.#bulkheads.run(claim.network ?? noNetwork, async () => {
				const counted = await this.#limits.countSignIn(claim);
				const account = await unlessItFails(counted, check);
				if (account === undefined) return fail("INVALID_CREDENTIALS");
				await counted.succeed();
				return account;
			});
		});
	}

	/** @throws TOO_MANY_REGISTRATIONS, OVERLOADED */
	register(network: string | undefined, create: () => Promise<void>): Promise<void> {
		return this.#outcomes.observe("registration", async () => {
			await this.#limits.refuseLimitedRegistration(network);
			return this.#bulkheads.run(network ?? noNetwork, async () => {
				const counted = await this.#limits.countRegistration(network);
				await unlessItFails(counted, create);
			});
		});
	}
}

/** Work that does not come to its end has guessed nothing. */
async function unlessItFails<R>(counted: CountedAttempt, work: () => Promise<R>): Promise<R> {
	try {
		return await work();
	} catch (error) {
		// The count ends with its window anyway, and the first error says more.
		await counted.uncount().catch(() => undefined);
		throw error;
	}
}
