/** The line (from 1) on which a text first occurs. @throws Error when it does not */
export function lineWith(text: string, part: string): number {
	const index = text.indexOf(part);
	if (index < 0) throw new Error(`the file has no ${part}`);
	return text.slice(0, index).split("\n").length;
}

/** A text with a fault: the first `from` is replaced; `line` is that of the end of what replaces it. */
export function plantIn(text: string, from: string, to: string): { text: string; line: number } {
	const line = lineWith(text, from) + to.trimEnd().split("\n").length - 1;
	return { text: text.replace(from, () => to), line };
}
