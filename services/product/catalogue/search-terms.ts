/** Words or a quoted phrase that a product has to contain, or must not. */
export interface Term {
	readonly text: string;
	readonly excluded: boolean;
}

const quotes = /[“”„«»]/gu;

/** A quoted phrase, closed or not, or a word; a hyphen before it excludes it. */
const termPattern = /(-?)"([^"]*)(?:"|$)|(\S+)/g;

function termOf([, sign, phrase, word = ""]: RegExpMatchArray): Term {
	if (phrase !== undefined) return { text: phrase.trim(), excluded: sign === "-" };
	const excluded = word.length > 1 && word.startsWith("-");
	return { text: excluded ? word.slice(1) : word, excluded };
}

/**
 * Reads a search as web search engines do: words and "quoted phrases" that must all occur, `-word` for one that must
 * not, `or` between alternatives. A search is never wrong: what is no operator is a word.
 * @returns alternatives, each a list of terms
 */
export function parseSearch(q: string): Term[][] {
	const alternatives: Term[][] = [[]];
	for (const match of q.replace(quotes, '"').matchAll(termPattern)) {
		if (match[0].toLowerCase() === "or") alternatives.push([]);
		else alternatives.at(-1)!.push(termOf(match));
	}
	const meaningful = alternatives
		.map(terms => terms.filter(({ text }) => text !== ""))
		.filter(terms => terms.length > 0);
	return meaningful.length > 0 ? meaningful : [[{ text: q.trim(), excluded: false }]];
}

const sign = "[^\\p{L}\\p{N}\\p{M}\\s.,;:!?()'\"’\\-]";
const endSign = new RegExp(`(^|\\s)${sign}|${sign}(\\s|$)`, "u");
const signsAtEnds = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}\p{M}]+$/gu;

/**
 * What of a term is looked for as words. Words have no signs at their ends: "C++" and "100%" are parts of a text, not
 * words; "AT&T" is both, and "#kettle" is a sign before a word of some length.
 */
export function wordsIn(text: string): string | undefined {
	if (!endSign.test(text)) return text;
	const bare = text.replace(signsAtEnds, "");
	return /^\p{L}{3}/u.test(bare) && !endSign.test(bare) ? bare : undefined;
}

/** Scripts that put no spaces between words: a part of a text is what a word is elsewhere. */
const unspaced =
	/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Whether a word is known only by being a part of a text. */
export const isPartOnly = (text: string) => wordsIn(text) !== text || unspaced.test(text);

/** What a term may be part of: "wi-fi" of "WiFi" and of "Wi Fi", "#kettle" of "kettle". */
export function spellingsOf(text: string): string[] {
	const joined = text.replace(/(?<=\p{L})['’\-‐‑](?=\p{L})/gu, "");
	const apart = text.replace(/(?<=\p{L})[/\-‐‑](?=\p{L})/gu, " ");
	return [...new Set([text, joined, apart, wordsIn(text) ?? text])];
}
