/** W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00. */

const pattern =
	/^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** A span that others continue. */
export interface SpanReference {
	/** 32 hexadecimal digits. */
	traceId: string;
	/** 16 hexadecimal digits. */
	spanId: string;
	isSampled: boolean;
}

/** @returns undefined for a header that is missing, invalid, or there twice */
export function parseTraceparent(header: string | undefined): SpanReference | undefined {
	const [, version, traceId, spanId, flags, more] = pattern.exec(header?.trim() ?? "") ?? [];
	// Later versions may add fields; those of version 00 keep their meaning.
	if (traceId === undefined || (version === "00" && more !== undefined)) return undefined;
	return { traceId, spanId: spanId!, isSampled: (parseInt(flags!, 16) & 1) === 1 };
}

export const formatTraceparent = ({ traceId, spanId, isSampled }: SpanReference): string =>
	`00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

/**
 * The `traceparent` of a request that is not recorded: the trace it belongs to, with a span of our own, unsampled whatever
 * the client's flag says, because a process that records may continue it. Without a valid header a new trace is started.
 * @param header as received @param hex generates so many random bytes, as hexadecimal digits
 */
export function traceparentOf(header: string | undefined, hex: (bytes: number) => string): string {
	const { traceId = hex(16) } = parseTraceparent(header) ?? {};
	return formatTraceparent({ traceId, spanId: hex(8), isSampled: false });
}

/** Of the callers of one call, the first whose trace is recorded. */
export const firstSampled = (traceparents: readonly (string | undefined)[]): string | undefined =>
	traceparents.find(one => parseTraceparent(one)?.isSampled);
