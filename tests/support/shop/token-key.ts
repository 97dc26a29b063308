import { generateKeyPairSync } from "node:crypto";

/** The environment of a node that signs access tokens, with a new key. */
export function newTokenKey(): { TOKEN_PRIVATE_KEY: string } {
	const { privateKey } = generateKeyPairSync("ed25519");
	const pem = privateKey.export({ type: "pkcs8", format: "pem" });
	return { TOKEN_PRIVATE_KEY: pem.toString() };
}
