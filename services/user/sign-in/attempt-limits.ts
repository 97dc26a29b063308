import { createHmac, hkdfSync } from "node:crypto";
import type { RateLimiterRes } from "rate-limiter-flexible";
import type { Config } from "../../../config/index.ts";
import { Failure, type ErrorCode } from "../../../lib/errors.ts";
import type { AttemptLimiter } from "./attempt-limiter.ts";
import type { AttemptRepository } from "./attempt.repository.ts";

/** Who wants to sign in. */
export interface Claim {
	/** The address of the account, normalised, whether or not there is one. */
	email: string;
	/** Undefined for calls that no client made: services and the prompt. */
	network: string | undefined;
}

/** What an attempt is counted by. A count that is `waived` does not bind a customer from a network that they have used before. */
interface Count {
	readonly limiter: AttemptLimiter;
	readonly key: string;
	readonly waived: boolean;
}

/** An attempt that was counted before anything was hashed. It stays counted unless it is taken back. */
export interface CountedAttempt {
	/** No password was checked, or it was right. */
	uncount(): Promise<void>;
}

/** A sign-in that was counted. */
export interface CountedSignIn extends CountedAttempt {
	/** The password was right: the customer starts from nothing in this network, which counts as theirs for a month. */
	succeed(): Promise<void>;
}

const monthS = 30 * 24 * 3600;
const isOn = ({ limiter }: Count) => limiter.points > 0;

/**
 * How many wrong passwords and registrations there may be in a window, on all nodes together (docs/decisions/0027).
 * What stays counted is a password that was checked and wrong, or a registration.
 */
export class AttemptLimits {
	readonly #pair: AttemptLimiter;
	readonly #network: AttemptLimiter;
	readonly #account: AttemptLimiter;
	readonly #registrations: AttemptLimiter;
	readonly #known: AttemptLimiter;
	readonly #secret: Buffer;

	/** @param secret that all nodes have; keys in the table are hashed with one derived from it */
	constructor(repository: AttemptRepository, secret: string, limits: Config["signIn"]) {
		const { windowS: seconds, maxFailures, maxFailuresOfNetwork, maxFailuresOfAccount } = limits;
		this.#pair = repository.counter({ name: "pair", points: maxFailures, seconds });
		this.#network = repository.counter({ name: "network", points: maxFailuresOfNetwork, seconds });
		this.#account = repository.counter({ name: "account", points: maxFailuresOfAccount, seconds });
		const points = limits.maxRegistrations;
		this.#registrations = repository.counter({ name: "registrations", points, seconds });
		this.#known = repository.counter({ name: "known", points: 1, seconds: monthS });
		this.#secret = Buffer.from(hkdfSync("sha256", secret, "", "keys of attempts", 32));
	}

	/** Refuses what is limited already, with reads alone. @throws TOO_MANY_SIGN_INS */
	async refuseLimitedSignIn(claim: Claim): Promise<void> {
		const found = await readAll(this.#signInCounts(claim));
		await this.#refuse("TOO_MANY_SIGN_INS", found.filter(isReached), claim);
	}

	/** @throws TOO_MANY_SIGN_INS; then nothing is counted */
	async countSignIn(claim: Claim): Promise<CountedSignIn> {
		const counts = this.#signInCounts(claim);
		const uncount = await this.#count("TOO_MANY_SIGN_INS", counts, claim);
		return { uncount, succeed: () => this.#succeed(claim, uncount) };
	}

	/** Refuses what is limited already, with reads alone. @throws TOO_MANY_REGISTRATIONS */
	async refuseLimitedRegistration(network: string | undefined): Promise<void> {
		const found = await readAll(this.#registrationCounts(network));
		await this.#refuse("TOO_MANY_REGISTRATIONS", found.filter(isReached));
	}

	/** @throws TOO_MANY_REGISTRATIONS; then nothing is counted */
	async countRegistration(network: string | undefined): Promise<CountedAttempt> {
		const counts = this.#registrationCounts(network);
		return { uncount: await this.#count("TOO_MANY_REGISTRATIONS", counts) };
	}

	#signInCounts({ email, network }: Claim): Count[] {
		const account = { limiter: this.#account, key: this.#hash(email), waived: true };
		if (network === undefined) return [account].filter(isOn);
		return [
			{ limiter: this.#pair, key: this.#hash(email, network), waived: false },
			{ limiter: this.#network, key: this.#hash(network), waived: true },
			account
		].filter(isOn);
	}

	#registrationCounts(network: string | undefined): Count[] {
		if (network === undefined) return [];
		const key = this.#hash(network);
		return [{ limiter: this.#registrations, key, waived: false }].filter(isOn);
	}

	/** Counts, and looks at the sums after that: of attempts at the same time no more pass than there may be. */
	async #count(
		code: ErrorCode,
		counts: readonly Count[],
		claim?: Claim
	): Promise<() => Promise<void>> {
		const found = await Promise.all(
			counts.map(async count => ({ count, now: await count.limiter.penalty(count.key) }))
		);
		const countedAt = performance.now();
		const uncount = async () => {
			const elapsedMs = performance.now() - countedAt;
			// A window that has ended took the count with it.
			const open = found.filter(({ now }) => now.msBeforeNext > elapsedMs);
			await Promise.all(open.map(({ count }) => count.limiter.reward(count.key)));
		};
		try {
			await this.#refuse(code, found.filter(isExceeded), claim);
		} catch (error) {
			await uncount();
			throw error;
		}
		return uncount;
	}

	async #refuse(code: ErrorCode, reached: readonly Found[], claim?: Claim): Promise<void> {
		if (reached.length === 0) return;
		const isWaived = reached.every(({ count }) => count.waived) && (await this.#isKnown(claim));
		if (isWaived) return;
		const ms = Math.max(...reached.map(({ now }) => now.msBeforeNext));
		throw new Failure(code, { retryAfterS: Math.max(1, Math.ceil(ms / 1000)) });
	}

	async #isKnown(claim: Claim | undefined): Promise<boolean> {
		if (claim?.network === undefined) return false;
		return (await this.#known.get(this.#hash(claim.email, claim.network))) !== null;
	}

	async #succeed({ email, network }: Claim, uncount: () => Promise<void>): Promise<void> {
		await uncount();
		if (network === undefined) return;
		const key = this.#hash(email, network);
		await Promise.all([this.#pair.delete(key), this.#known.set(key, 1, monthS)]);
	}

	#hash(...parts: string[]): string {
		const hmac = createHmac("sha256", this.#secret).update(JSON.stringify(parts));
		return hmac.digest("base64url");
	}
}

interface Found {
	count: Count;
	now: RateLimiterRes;
}

async function readAll(counts: readonly Count[]): Promise<Found[]> {
	const found = await Promise.all(
		counts.map(async count => ({ count, now: await count.limiter.get(count.key) }))
	);
	return found.filter((one): one is Found => one.now !== null);
}

const isReached = ({ count, now }: Found) => now.consumedPoints >= count.limiter.points;
const isExceeded = ({ count, now }: Found) => now.consumedPoints > count.limiter.points;
