import { hash, verify } from "@node-rs/argon2";
import { Bulkhead } from "./sign-in/bulkhead.ts";

/** OWASP's minimum for Argon2id, which is this library's default variant: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Replaces the hash of an unknown user, so that both responses take the same time. */
const dummyHash =
	"$argon2id$v=19$m=19456,t=2,p=1$rMFGkU6T5ByYzJEdrj/S6A$poRiHigzu6XC5UjQ0hFub+GRCX8DvpbH9jhMLE353jI";

/** Another keyboard may produce the same password with different code points (NIST SP 800-63B 5.1.1.2). */
const normal = (password: string) => password.normalize("NFKC");

/**
 * One for all hashes of the process, whatever they are for: four at one time would fill the thread pool and block its
 * file and DNS operations.
 */
const bulkhead = new Bulkhead({ concurrency: 2, queue: 60, waitWithinMs: 1500 });

/** In PHC form, with its own salt. @throws OVERLOADED */
export function hashPassword(password: string): Promise<string> {
	return bulkhead.run(() => hash(normal(password), cost));
}

/** Takes the time of one hash, even when there is no user. @throws OVERLOADED */
export async function passwordMatches(
	stored: string | undefined,
	password: string
): Promise<boolean> {
	const matches = await bulkhead.run(() => verify(stored ?? dummyHash, normal(password)));
	return matches && stored !== undefined;
}

/** Parts of well-known passwords of twelve and more characters. */
const commonParts = new RegExp(
	[
		"1234567890|0987654321|123456789|12345678|1234567|123456|12345|1234|abcdefgh|abcdef|abc123",
		"1q2w3e4r5t|1q2w3e4r|1q2w3e|1qaz2wsx|qazwsxedc|qazwsx|qwertyuiop|qwerty|asdfghjkl|asdfgh",
		"zxcvbnm|zxcvbn|administrator|admin|password|passw0rd|p@ssw0rd|p@ssword|passwort|letmein",
		"welcome|iloveyou|changeme|trustno1|superman|batman|starwars|football|baseball|sunshine",
		"princess|dragon|monkey|master|shadow|michael|jennifer|computer|internet|whatever|freedom",
		"secret|login|default"
	].join("|"),
	"g"
);

/** Fewest characters besides common parts and the user's address. */
const fewestOwn = 6;
const fewestDistinct = 5;

/** Why a password is too easy to guess for this address; undefined when it is not. */
export function weakness(password: string, email: string): string | undefined {
	const lower = normal(password).toLowerCase();
	if (new Set(lower).size < fewestDistinct) return "repeats too few characters";
	if (lower.replace(commonParts, "").length < fewestOwn) return "is too common";
	if (lower.replaceAll(email.split("@")[0]!, "").length < fewestOwn)
		return "is too close to the e-mail address";
	return undefined;
}
