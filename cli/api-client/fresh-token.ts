import { decodeJwt } from "jose";

/** A token is renewed this long before its end; a short-lived one after half of its life. */
const leftMs = 60_000;

function usableMs(token: string): number {
	const { iat, exp } = decodeJwt(token);
	const lifeMs = (exp! - iat!) * 1000;
	return lifeMs - Math.min(leftMs, lifeMs / 2);
}

/**
 * Requests a token when one is first needed, and the next before that one expires; concurrent callers
 * share a request. Its life is measured by this clock, because the shop's may differ.
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
