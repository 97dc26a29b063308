import type { Database, Transaction } from "../db/database.ts";
import { Batcher } from "../lib/batcher.ts";
import { fail } from "../lib/errors.ts";
import { poll } from "../lib/retry.ts";
import { formerFingerprint } from "./fingerprint.ts";
import type { KeyedRequest } from "./keyed-request.ts";
import { answerRows, claimKey, findRequest, storeAnswers } from "./request.statements.ts";

export interface StoredRequest<A> {
	request_hash: Buffer;
	/** What the request has made. */
	subject: string | null;
	/** The first response; the one it would be, while `is_answered` is false. */
	answer: A;
	is_answered: boolean;
	created_at: Date;
	/** Since then, by the database's clock. */
	age_ms: number;
}

/** The response to a request, or to the first one under its key. */
export interface Answered<A> {
	answer: A;
	/** True when the key was used before: `answer` is the stored response. */
	replayed: boolean;
}

/**
 * Requests with idempotency keys (docs/decisions/0020). A key is claimed in the transaction that has the effect,
 * before the effect: of two requests under one key, the second waits outside of a transaction, and has no effect.
 */
export class Idempotency {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/**
	 * Runs `work` and stores its answer in one transaction; a repetition gets that answer and has no effect. When
	 * `work` throws, nothing is stored. Without a request it is a transaction and nothing else.
	 * @param prepare remote calls for the answer, before the transaction; not for a repetition
	 * @throws IDEMPOTENCY_KEY_REUSED when the key names another request; IDEMPOTENCY_KEY_IN_USE when the first
	 *   request under it has not committed for 2 s
	 */
	async once<A extends object, P = undefined>(
		request: KeyedRequest | undefined,
		work: (tx: Transaction, prepared: P) => Promise<A>,
		prepare?: () => Promise<P>
	): Promise<Answered<A>> {
		const stored = request && (await this.find<A>(request));
		if (stored) return { answer: stored.answer, replayed: true };
		const prepared = (await prepare?.()) as P;
		if (!request)
			return { answer: await this.#db.transaction(tx => work(tx, prepared)), replayed: false };
		const answer = await this.claimed(request, undefined, async tx => {
			const answer = await work(tx, prepared);
			await tx.query(storeAnswers, answerRows.values([rowOf(request, answer)]));
			return answer;
		});
		if (answer) return { answer, replayed: false };
		return { answer: (await this.first<A>(request)).answer, replayed: true };
	}

	/**
	 * Takes the key and runs `work` in one transaction, for a request that is answered later, or by `work`. Undefined
	 * when a request under the key came first.
	 * @param subject what the request makes
	 * @throws IDEMPOTENCY_KEY_IN_USE
	 */
	async claimed<R extends object>(
		request: KeyedRequest,
		subject: string | undefined,
		work: (tx: Transaction) => Promise<R>
	): Promise<R | undefined> {
		const { principal, key, action, hash } = request;
		const values = [principal, key, action, hash, subject];
		return whenFree(() =>
			this.#db.transaction(async tx => {
				const [claim] = await tx.query<{ is_free: boolean; is_claimed: boolean }>(claimKey, values);
				if (!claim!.is_free) return "in_use";
				return claim!.is_claimed ? work(tx) : undefined;
			})
		);
	}

	/** The first request under the key. @throws IDEMPOTENCY_KEY_REUSED when it was another one */
	async find<A>(
		request: KeyedRequest,
		tx: Transaction | Database = this.#db
	): Promise<StoredRequest<A> | undefined> {
		const [stored] = await tx.query<StoredRequest<A>>(findRequest, [
			request.principal,
			request.key
		]);
		return stored && isSame(stored, request) ? stored : stored && fail("IDEMPOTENCY_KEY_REUSED");
	}

	/** The response to a request whose key was claimed before: `answer`, or what was answered first. */
	async answer<A extends object>(request: KeyedRequest, answer: A): Promise<A> {
		if (await this.#answers.add(rowOf(request, answer))) return answer;
		return (await this.first<A>(request)).answer;
	}

	/** The same, in a transaction. */
	async answerIn<A extends object>(tx: Transaction, request: KeyedRequest, answer: A): Promise<A> {
		const stored = await tx.query(storeAnswers, answerRows.values([rowOf(request, answer)]));
		return stored.length > 0 ? answer : (await this.first<A>(request, tx)).answer;
	}

	readonly #answers = new Batcher<ReturnType<typeof rowOf>, boolean>({
		run: async batch => {
			const nameOf = ({ principal, key }: { principal: string; key: string }) =>
				`${principal} ${key}`;
			// Of two answers to one request, the first in the batch is stored.
			const firsts = new Map(batch.toReversed().map(row => [nameOf(row), row]));
			const values = answerRows.values([...firsts.values()]);
			const rows = await this.#db.query<KeyedRequest>(storeAnswers, values);
			const stored = new Set(rows.map(nameOf));
			return batch.map(row => firsts.get(nameOf(row)) === row && stored.has(nameOf(row)));
		}
	});

	/** One whose key is taken: by a request to another service, if not to this. @throws IDEMPOTENCY_KEY_REUSED */
	async first<A>(request: KeyedRequest, tx?: Transaction): Promise<StoredRequest<A>> {
		return (await this.find<A>(request, tx)) ?? fail("IDEMPOTENCY_KEY_REUSED");
	}
}

const inUseForMs = 2000;
const retryAfterMs = 25;

/**
 * Repeats `attempt` while another request under the key is in progress, which may end without an effect.
 * @throws IDEMPOTENCY_KEY_IN_USE after 2 s
 */
export async function whenFree<R>(attempt: () => Promise<R | "in_use">): Promise<R> {
	const result = await poll(attempt, {
		everyMs: retryAfterMs,
		withinMs: inUseForMs,
		isDone: found => found !== "in_use"
	});
	return result === "in_use" ? fail("IDEMPOTENCY_KEY_IN_USE") : result;
}

const rowOf = ({ principal, key }: KeyedRequest, answer: object) => ({
	principal,
	key,
	answer: JSON.stringify(answer)
});

function isSame(
	{ request_hash }: StoredRequest<unknown>,
	{ action, target, hash, sentHash = hash }: KeyedRequest
): boolean {
	return [hash, sentHash, formerFingerprint(action, target)].some(own => request_hash.equals(own));
}
