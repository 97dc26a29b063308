import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Span } from "@opentelemetry/api";
import type { Context } from "moleculer";
import type { Meta } from "../../../lib/identity.ts";
import { LogContext } from "../../../lib/log/line-context.ts";
import { traceparentOfSpan } from "../../../lib/tracing/spans.ts";
import { traceparentOf } from "../../../lib/tracing/traceparent.ts";

/** A request with what moleculer-web and the gateway add to it. */
export interface Incoming extends IncomingMessage {
	$ctx: Context<unknown, Meta>;
	$params: { params: Record<string, string> };
	originalUrl: string;
	requestId: string;
	/** Once it is passed on to a service. */
	traceparent?: string;
	/** If this process exports spans; none of a stream, which would last for as long as that is read. */
	span?: Span | undefined;
	/** It came by the port for health checks. */
	isHealthOnly?: boolean;
	/** The path of the matched route. */
	template?: string;
}

/** The trace of a request, which the client may have started. */
export const traceOf = ({ span, headersDistinct }: Incoming): string =>
	span
		? traceparentOfSpan(span)
		: traceparentOf(headersDistinct.traceparent?.join(), n => randomBytes(n).toString("hex"));

/** The request that a line of the log is about. */
export const logContextOf = ({ requestId, traceparent }: Incoming) =>
	new LogContext({ requestId, traceparent });
