import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Config } from "../../config/index.ts";
import { exitCodes, LaunchError } from "../process/launch-error.ts";

type Needs = Pick<Config, "production" | "token">;

export interface TokenKeys {
	/** PKCS 8 PEM, for the user service. */
	privateKey: string | undefined;
	/** SPKI PEM, for the gateway. */
	publicKey: string;
}

function publicHalf(privateKey: string): string {
	return createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
}

/** The key in the file; generated on first use, so that tokens stay valid after a restart. */
function generated(file: string): string {
	if (existsSync(file)) return readFileSync(file, "utf8");
	const { privateKey } = generateKeyPairSync("ed25519");
	const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
	writeFileSync(file, pem, { mode: 0o600, flush: true });
	return pem;
}

/**
 * The configured keys, or outside production a generated pair.
 * @param file where it is stored; a node that is given its keys needs no folder that it can write to
 * @throws LaunchError in production without keys
 */
export function tokenKeys({ production, token }: Needs, file: () => string): TokenKeys {
	const { privateKey, publicKey } = token;
	if (privateKey) return { privateKey, publicKey: publicKey ?? publicHalf(privateKey) };
	if (publicKey) return { privateKey, publicKey };
	if (production)
		throw new LaunchError(
			"Set TOKEN_PRIVATE_KEY (user service) and TOKEN_PUBLIC_KEY (gateway), or the same names with _FILE: keys are generated outside production only.",
			exitCodes.configuration
		);
	const own = generated(file());
	return { privateKey: own, publicKey: publicHalf(own) };
}
