/** W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00. */

const pattern =
	/^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The `traceparent` of a request: the trace it belongs to, with a span of our own. Without a valid header a
 * new, unsampled trace is started.
 * @param header as received @param hex generates so many random bytes, as hexadecimal digits
 */
export function traceparentOf(header: string | undefined, hex: (bytes: number) => string): string {
	const [, version, trace, , flags, more] = pattern.exec(header?.trim() ?? "") ?? [];
	// Later versions may add fields; those of version 00 keep their meaning.
	const isKnown = trace !== undefined && (version !== "00" || more === undefined);
	const sampled = isKnown && (parseInt(flags!, 16) & 1) === 1 ? "01" : "00";
	return `00-${isKnown ? trace : hex(16)}-${hex(8)}-${sampled}`;
}
