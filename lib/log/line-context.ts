interface About {
	orderId?: string | undefined;
	/** As the client got it. */
	requestId?: string | null | undefined;
	/** W3C Trace Context. */
	traceparent?: string | undefined;
}

/**
 * What a line of the log is about, as the last argument of a log call. A line of text leaves it out; a line as JSON has
 * members for it.
 */
export class LogContext {
	readonly orderId: string | undefined;
	readonly requestId: string | undefined;
	readonly traceId: string | undefined;

	constructor({ orderId, requestId, traceparent }: About) {
		this.orderId = orderId;
		this.requestId = requestId ?? undefined;
		this.traceId = traceparent?.split("-")[1];
	}
}
