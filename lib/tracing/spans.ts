import {
	ROOT_CONTEXT,
	SpanKind,
	SpanStatusCode,
	trace,
	TraceFlags,
	type Attributes,
	type Context,
	type Span,
	type Tracer
} from "@opentelemetry/api";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/**
 * Spans of this process (https://opentelemetry.io/docs/concepts/signals/traces/). A trace is passed on as a traceparent,
 * in the metadata of calls, with orders and with events, and not by the asynchronous context: a saga continues the trace
 * of its order on another node, hours later.
 */

/** Of the process, like its configuration; undefined while it exports no spans. */
let tracer: Tracer | undefined;

/** @param next undefined to record none */
export function recordSpansWith(next: Tracer | undefined): void {
	tracer = next;
}

/** False for a process that exports no spans. */
export const recordsSpans = (): boolean => tracer !== undefined;

export interface SpanAbout {
	name: string;
	kind?: "server" | "consumer";
	attributes?: Attributes;
	/** By `Date.now()`; default: now. */
	startMs?: number;
}

const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER };

function contextOf(traceparent: string | undefined, isRemote: boolean): Context {
	const parent = parseTraceparent(traceparent);
	if (!parent) return ROOT_CONTEXT;
	const { traceId, spanId, isSampled } = parent;
	const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
	return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote });
}

function start({ name, kind, attributes, startMs }: SpanAbout, context: Context): Span | undefined {
	const options = { kind: kind ? kinds[kind] : SpanKind.INTERNAL, attributes, startTime: startMs };
	return tracer?.startSpan(name, options, context);
}

/**
 * The span of a request of a client. Whether its trace is sampled is decided here: a client cannot have the shop record
 * what it sends.
 * @param header the client's traceparent, if there is one
 * @returns undefined while this process exports no spans
 */
export const startRequestSpan = (about: SpanAbout, header: string | undefined): Span | undefined =>
	start({ ...about, kind: "server" }, contextOf(header, true));

/** @returns undefined unless spans are exported and the trace is sampled */
export function startSpan(about: SpanAbout, traceparent: string | undefined): Span | undefined {
	if (!tracer || !parseTraceparent(traceparent)?.isSampled) return undefined;
	return start(about, contextOf(traceparent, false));
}

/** What a call or an event is passed, so that it continues this span. */
export function traceparentOfSpan(span: Span): string {
	const { traceId, spanId, traceFlags } = span.spanContext();
	const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
	return formatTraceparent({ traceId, spanId, isSampled });
}

interface Refusal {
	type?: unknown;
	code?: unknown;
	name?: unknown;
}

/**
 * Ends a span with this error. Only its code is recorded, because its words may be about a person; a refusal (4xx) is not
 * a failure of the span.
 */
export function endWithError(span: Span, error: unknown): void {
	const { type, code, name } = (error ?? {}) as Refusal;
	span.setAttribute("error.type", String(type ?? name ?? "Error"));
	const isRefusal = typeof code === "number" && code >= 400 && code < 500;
	if (!isRefusal) span.setStatus({ code: SpanStatusCode.ERROR });
	span.end();
}

/**
 * Runs work as a span of a trace.
 * @param traceparent of the span that this one continues
 * @param work gets the traceparent with which others continue its span; undefined while nothing is recorded
 */
export async function inSpan<R>(
	about: SpanAbout,
	traceparent: string | undefined,
	work: (traceparent: string | undefined) => Promise<R>
): Promise<R> {
	const span = startSpan(about, traceparent);
	if (!span) return work(undefined);
	try {
		const result = await work(traceparentOfSpan(span));
		span.end();
		return result;
	} catch (error) {
		endWithError(span, error);
		throw error;
	}
}
