import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { SpanStatusCode } from "@opentelemetry/api";
import { startRequestSpan, traceparentOfSpan } from "../../../lib/tracing/spans.ts";
import { traceparentOf } from "../../../lib/tracing/traceparent.ts";
import type { Incoming } from "./incoming.ts";

/**
 * Gives a request its trace, and records it as a span if this process exports spans, by the conventions for HTTP servers
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), but without its path: clients write all kinds of things
 * into one, and the log masks them only by patterns.
 */
export function traceRequest(req: Incoming, res: ServerResponse): void {
	const header = req.headersDistinct.traceparent?.join();
	const attributes = { "http.request.method": req.method };
	const span = startRequestSpan({ name: req.method!, attributes }, header);
	req.traceparent = span
		? traceparentOfSpan(span)
		: traceparentOf(header, bytes => randomBytes(bytes).toString("hex"));
	if (!span) return;
	req.span = span;
	res.once("close", () => {
		// A stream has none.
		if (!req.span) return;
		const { template } = req;
		if (template) span.updateName(`${req.method} ${template}`).setAttribute("http.route", template);
		if (res.headersSent) span.setAttribute("http.response.status_code", res.statusCode);
		const failure = res.headersSent ? String(res.statusCode) : "aborted";
		if (!res.headersSent || res.statusCode >= 500) span.setAttribute("error.type", failure);
		if (res.headersSent && res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
		span.end();
	});
}
