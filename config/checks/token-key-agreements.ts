import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Environment } from "../env.ts";

/** The key, or undefined for a text that is no Ed25519 key. */
function keyOf(parse: (pem: string) => KeyObject, pem: string): KeyObject | undefined {
	try {
		const key = parse(pem);
		return key.asymmetricKeyType === "ed25519" ? key : undefined;
	} catch {
		return undefined;
	}
}

const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const made = "openssl genpkey -algorithm ed25519 makes one";

/** What is wrong with the keys of access tokens. @param runs whether this node runs a service */
export function tokenKeyIssues(
	{ NODE_ENV, TOKEN_PRIVATE_KEY, TOKEN_PUBLIC_KEY }: Environment,
	runs: (service: string) => boolean,
	isGiven: (name: "TOKEN_PRIVATE_KEY" | "TOKEN_PUBLIC_KEY") => boolean
): string[] {
	const isProduction = NODE_ENV === "production";
	const own = TOKEN_PRIVATE_KEY && keyOf(createPrivateKey, TOKEN_PRIVATE_KEY);
	const others = TOKEN_PUBLIC_KEY && keyOf(createPublicKey, TOKEN_PUBLIC_KEY);
	const issues: string[] = [];
	if (TOKEN_PRIVATE_KEY && !own) issues.push(`TOKEN_PRIVATE_KEY: is no Ed25519 key; ${made}`);
	if (TOKEN_PUBLIC_KEY && !others)
		issues.push(
			"TOKEN_PUBLIC_KEY: is no Ed25519 key; openssl pkey -pubout makes it of the private one"
		);
	if (own && others && pem(createPublicKey(own)) !== pem(others))
		issues.push("TOKEN_PUBLIC_KEY: is not the public half of TOKEN_PRIVATE_KEY");
	if (isProduction && runs("user") && !isGiven("TOKEN_PRIVATE_KEY"))
		issues.push(`TOKEN_PRIVATE_KEY: must be set with NODE_ENV=production (or _FILE); ${made}`);
	// A node that runs both services needs the private key alone.
	if (
		isProduction &&
		runs("gateway") &&
		!runs("user") &&
		!isGiven("TOKEN_PRIVATE_KEY") &&
		!isGiven("TOKEN_PUBLIC_KEY")
	)
		issues.push(
			"TOKEN_PUBLIC_KEY: must be set with NODE_ENV=production (or _FILE), or TOKEN_PRIVATE_KEY"
		);
	return issues;
}
