/**
 * The beginning of a text, of at most so many code points, which `maxLength` of JSON Schema and `left` of Postgres count
 * too. No character is cut in half: its first half alone would be no valid JSON for Postgres.
 */
export function cutText(text: string, length: number): string {
	if (text.length <= length) return text;
	// A code point has one or two units, so no more than these are looked at.
	return Array.from(text.slice(0, 2 * length))
		.slice(0, length)
		.join("");
}
