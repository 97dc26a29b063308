import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, SignJWT } from "jose";
import type { Role } from "../../lib/schema.ts";

/** A public key as RFC 7517 writes it. */
export type PublicKey = Record<string, string>;

/** Signs access tokens (RFC 9068) with Ed25519. `kid` is the key's own thumbprint (RFC 7638). */
export class TokenIssuer {
	readonly publicKey: PublicKey;
	/** TOKEN_TTL_S. */
	readonly ttlS: number;
	readonly #key: KeyObject;

	private constructor(key: KeyObject, publicKey: PublicKey, ttlS: number) {
		this.#key = key;
		this.publicKey = publicKey;
		this.ttlS = ttlS;
	}

	/** @throws Error when there is no key, or it is not one for Ed25519 */
	static async fromPem(pem: string | undefined, ttlS: number): Promise<TokenIssuer> {
		if (!pem)
			throw new Error("Set TOKEN_PRIVATE_KEY: the user service signs access tokens with it");
		const key = createPrivateKey(pem);
		if (key.asymmetricKeyType !== "ed25519")
			throw new Error(`TOKEN_PRIVATE_KEY must be an Ed25519 key, not ${key.asymmetricKeyType}`);
		const { kty, crv, x } = await exportJWK(createPublicKey(key));
		const jwk = { kty: kty!, crv: crv!, x: x! };
		const publicKey = { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: "EdDSA", use: "sig" };
		return new TokenIssuer(key, publicKey, ttlS);
	}

	/** @param issuedAt by the clock that its end is compared with: the database's */
	sign(user: { id: string; role: Role }, issuedAt: Date): Promise<string> {
		return new SignJWT({ role: user.role })
			.setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: this.publicKey.kid! })
			.setIssuer("moleculer-commerce")
			.setAudience("shop-api")
			.setSubject(user.id)
			.setIssuedAt(issuedAt)
			.setExpirationTime(new Date(issuedAt.getTime() + this.ttlS * 1000))
			.setJti(randomUUID())
			.sign(this.#key);
	}
}
