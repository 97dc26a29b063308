import { decodeJwt } from "jose";

/** What is left of a token's life when the next one is asked for; half of a short life. */
const leftMs = 60_000;

function usableMs(token: string): number {
	const { iat, exp } = decodeJwt(token);
	const lifeMs = (exp! - iat!) * 1000;
	return lifeMs - Math.min(leftMs, lifeMs / 2);
}

/**
 * Asks for a token when one is first needed, and for the next before that one ends; whoever needs
 * one meanwhile waits for the same. Its life is measured here: the shop's clock may be another.
 */
export function freshToken(ask: () => Promise<string>, now = Date.now): () => Promise<string> {
	let token: Promise<string> | undefined;
	let endMs = Infinity;

	async function renew(): Promise<string> {
		const askedMs = now();
		const answer = await ask();
		endMs = askedMs + usableMs(answer);
		return answer;
	}

	return () => {
		if (!token || now() >= endMs) {
			endMs = Infinity;
			token = renew();
			token.catch(() => (token = undefined));
		}
		return token;
	};
}
