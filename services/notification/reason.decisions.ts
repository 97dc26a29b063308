const longest = 300;

/** A provider's error for the row of the message: bounded, on one line, without addresses. */
export function reasonOf(text: string): string {
	return text
		.replace(/[^\s<>"':,;()]+@[^\s<>"':,;()]+/g, "(address)")
		.replace(/\+?\d{8,15}/g, "(number)")
		.replace(/[\p{Cc}\s]+/gu, " ")
		.trim()
		.slice(0, longest);
}
