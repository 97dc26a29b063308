import type { IncomingMessage } from "node:http";
import type { Span } from "@opentelemetry/api";
import type { Context } from "moleculer";
import type { Meta } from "../../../lib/identity.ts";
import { LogContext } from "../../../lib/log/line-context.ts";

/** A request with what moleculer-web and the gateway add to it. */
export interface Incoming extends IncomingMessage {
	$ctx: Context<unknown, Meta>;
	$params: { params: Record<string, string> };
	originalUrl: string;
	requestId: string;
	/** With the span of this request; undefined for one about the health of this node. */
	traceparent?: string;
	/** If this process exports spans; none of a stream, which would last for as long as that is read. */
	span?: Span | undefined;
	/** It came by the port for health checks. */
	isHealthOnly?: boolean;
	/** The path of the matched route. */
	template?: string;
}

/** The request that a line of the log is about. */
export const logContextOf = ({ requestId, traceparent }: Incoming) =>
	new LogContext({ requestId, traceparent });
