import type { ServerResponse } from "node:http";
import { SpanStatusCode } from "@opentelemetry/api";
import { startRequestSpan } from "../../../lib/tracing/spans.ts";
import { loggedPath } from "./request-metrics.ts";
import type { Incoming } from "./incoming.ts";

/**
 * Records a request as a span, if this process exports spans, by the conventions for HTTP servers
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). It has no query, for the reason that the log has none.
 * @param route a template, once the request has been routed
 */
export function traceRequest(req: Incoming, res: ServerResponse, route: () => string): void {
	const attributes = { "http.request.method": req.method, "url.path": loggedPath(req) };
	const header = req.headersDistinct.traceparent?.join();
	const span = startRequestSpan({ name: req.method!, attributes }, header);
	if (!span) return;
	req.span = span;
	res.once("close", () => {
		if (!req.span) return;
		const { statusCode } = res;
		span.updateName(`${req.method} ${route()}`);
		span.setAttributes({ "http.route": route(), "http.response.status_code": statusCode });
		if (statusCode >= 500) {
			span.setAttribute("error.type", String(statusCode));
			span.setStatus({ code: SpanStatusCode.ERROR });
		}
		span.end();
	});
}
