import { createPublicKey, type KeyObject } from "node:crypto";
import { jwtVerify, type JWTVerifyOptions } from "jose";
import { fail } from "../../../lib/errors.ts";
import type { Identity } from "../../../lib/identity.ts";
import { roles, type Role } from "../../../lib/schema.ts";
import { DatabaseClock } from "./database-clock.ts";

const clockToleranceS = 5;
const maxKnown = 10_000;

/** Everything is fixed (RFC 8725): nothing that a token says about keys is used. */
const rules: JWTVerifyOptions = {
	algorithms: ["EdDSA"],
	typ: "at+jwt",
	issuer: "moleculer-commerce",
	audience: "shop-api",
	clockTolerance: clockToleranceS,
	requiredClaims: ["sub", "iat", "exp"]
};

interface VerifiedToken {
	identity: Identity;
	expiresAtMs: number;
}

const isRole = (value: unknown): value is Role => (roles as readonly unknown[]).includes(value);

/**
 * Verifies tokens. Verified tokens are cached (LRU): an EdDSA check costs 156 µs, more than the rest of a
 * request, a lookup 3.4. No account is looked up: what its user may do now is known by `StandingList`.
 * Tokens begin and end by the database's clock, since those of hosts differ.
 */
export class TokenVerifier {
	readonly #key: KeyObject;
	readonly #clock: DatabaseClock;
	readonly #known = new Map<string, VerifiedToken>();

	/** @param publicKey SPKI PEM. @throws Error when it is missing or invalid */
	constructor(publicKey: string | undefined, clock = new DatabaseClock()) {
		if (!publicKey)
			throw new Error("Set TOKEN_PUBLIC_KEY: without it the gateway cannot check access tokens");
		this.#key = createPublicKey(publicKey);
		this.#clock = clock;
	}

	/** When a verified token expires, by `Date.now()`. */
	expiryOf(token: string): number {
		const known = this.#known.get(token);
		return known ? this.#clock.ownTimeMs(known.expiresAtMs) : 0;
	}

	/** @throws INVALID_TOKEN for any defect */
	async verify(token: string): Promise<Identity> {
		const known = this.#known.get(token) ?? (await this.#check(token));
		this.#known.delete(token);
		if (known.expiresAtMs + clockToleranceS * 1000 < this.#clock.nowMs()) fail("INVALID_TOKEN");
		this.#remember(token, known);
		return known.identity;
	}

	async #check(token: string): Promise<VerifiedToken> {
		const currentDate = new Date(this.#clock.nowMs());
		const verified = await jwtVerify(token, this.#key, { ...rules, currentDate }).catch(() =>
			fail("INVALID_TOKEN")
		);
		const { sub, role, exp } = verified.payload;
		if (!sub || !isRole(role)) fail("INVALID_TOKEN");
		return { identity: { id: sub, role }, expiresAtMs: exp! * 1000 };
	}

	#remember(token: string, known: VerifiedToken): void {
		if (this.#known.size >= maxKnown) this.#known.delete(this.#known.keys().next().value!);
		this.#known.set(token, known);
	}
}
