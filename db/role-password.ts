import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import type pg from "pg";
import { sqlState } from "../lib/database-error.ts";
import { withClient } from "./client.ts";
import { roleOf, type schemas } from "./database.ts";

/** URLs of services that have one of their own. */
export type RoleUrls = Partial<Record<keyof typeof schemas, string | undefined>>;

const iterations = 4096;

/**
 * The form in which Postgres stores a password, so that none is in a statement, which the server may log.
 * Spaces and invisible characters that are not ASCII are mapped as by SASLprep (RFC 4013), as Postgres and pg do.
 */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
	const prepared = password
		.replace(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g, " ")
		.replace(/\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/g, "")
		.normalize("NFKC");
	const salted = pbkdf2Sync(prepared, salt, iterations, 32, "sha256");
	const keyed = (text: string) => createHmac("sha256", salted).update(text).digest();
	const stored = createHash("sha256").update(keyed("Client Key")).digest("base64");
	const server = keyed("Server Key").toString("base64");
	return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${server}`;
}

/** The password of a service's URL, if this names the role of the service; another role is its owner's affair. */
function passwordOf(url: string | undefined, role: string): string | undefined {
	if (!url) return undefined;
	const { username, password } = new URL(url);
	return decodeURIComponent(username) === role && password
		? decodeURIComponent(password)
		: undefined;
}

/** Whether the server takes this user and password; an owner may not be allowed to set what is right already. */
const maySignIn = (url: string): Promise<boolean> =>
	withClient(url, () => Promise.resolve()).then(
		() => true,
		() => false
	);

/**
 * Gives the roles of services the passwords that their URLs have, where these are not right already. Sessions that are
 * open stay so.
 * @throws Error that names the role and the right that is missing
 */
export async function setRolePasswords(
	client: pg.Client,
	urls: RoleUrls,
	isRight: (url: string) => Promise<boolean> = maySignIn
): Promise<void> {
	for (const [service, url] of Object.entries(urls)) {
		const role = roleOf(service as keyof typeof schemas);
		const password = passwordOf(url, role);
		if (password === undefined || (await isRight(url!))) continue;
		const verifier = client.escapeLiteral(scramVerifier(password));
		await client.query(`alter role ${role} password ${verifier}`).catch(error => {
			if (sqlState(error) !== "42501") throw error;
			throw new Error(
				`The role ${role} cannot sign in with the password of ${service.toUpperCase()}_DATABASE_URL, and this one may not set it: let its creator set it, or grant ${role} to ${client.user} with admin option.`,
				{ cause: error }
			);
		});
	}
}
