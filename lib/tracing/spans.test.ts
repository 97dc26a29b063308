import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
	AlwaysOffSampler,
	AlwaysOnSampler,
	InMemorySpanExporter,
	SimpleSpanProcessor,
	TracerProvider
} from "@opentelemetry/sdk-trace";
import { Failure } from "../errors.ts";
import {
	inSpan,
	recordSpansWith,
	recordsSpans,
	startRequestSpan,
	startSpan,
	traceparentOfSpan
} from "./spans.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const sampled = `00-${traceId}-00f067aa0ba902b7-01`;
const unsampled = `00-${traceId}-00f067aa0ba902b7-00`;
const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor({ exporter });
const sampler = new AlwaysOnSampler();
const tracer = new TracerProvider({ sampler, spanProcessors: [processor] }).getTracer("test");
const recorded = () => exporter.getFinishedSpans();

beforeEach(() => recordSpansWith(tracer));
afterEach(() => {
	recordSpansWith(undefined);
	exporter.reset();
});

test("while no spans are exported, none is started", async () => {
	recordSpansWith(undefined);
	expect(recordsSpans()).toBe(false);
	expect(startRequestSpan({ name: "GET" }, sampled)).toBeUndefined();
	await expect(inSpan({ name: "work" }, sampled, own => Promise.resolve(own))).resolves.toBe(
		undefined
	);
});

test.each([
	["that is not sampled", unsampled],
	["that is missing", undefined],
	["that is invalid", "00-1-2-01"]
])("work in a trace %s is not recorded", async (_, traceparent) => {
	await expect(inSpan({ name: "work" }, traceparent, own => Promise.resolve(own))).resolves.toBe(
		undefined
	);
	expect(recorded()).toEqual([]);
});

test("work in a sampled trace continues its span, and is continued", async () => {
	const own = await inSpan({ name: "outer", attributes: { a: 1 } }, sampled, outer =>
		inSpan({ name: "inner", kind: "consumer" }, outer, () => Promise.resolve(outer))
	);
	const [inner, outer] = recorded();
	expect(outer).toMatchObject({
		name: "outer",
		kind: SpanKind.INTERNAL,
		attributes: { a: 1 },
		parentSpanContext: { traceId, spanId: "00f067aa0ba902b7" }
	});
	expect(own).toBe(`00-${traceId}-${outer!.spanContext().spanId}-01`);
	expect(inner).toMatchObject({
		kind: SpanKind.CONSUMER,
		parentSpanContext: { traceId, spanId: outer!.spanContext().spanId }
	});
});

test.each([
	["a refusal", new Failure("INSUFFICIENT_STOCK"), "INSUFFICIENT_STOCK", SpanStatusCode.UNSET],
	["a failure", new Failure("UNAVAILABLE"), "UNAVAILABLE", SpanStatusCode.ERROR],
	["a defect", new TypeError("secret words"), "TypeError", SpanStatusCode.ERROR],
	["anything else", "secret words", "Error", SpanStatusCode.ERROR]
])("%s ends a span with its code, without its words", async (_, error, type, code) => {
	const work = () => Promise.reject(error as Error);
	await expect(inSpan({ name: "work" }, sampled, work)).rejects.toBe(error);
	const [span] = recorded();
	expect(span).toMatchObject({ attributes: { "error.type": type }, status: { code }, events: [] });
	expect(JSON.stringify([span!.attributes, span!.status])).not.toContain("secret");
});

test("a request continues the trace of its client, whose flag does not decide", () => {
	const span = startRequestSpan({ name: "GET" }, unsampled)!;
	span.end();
	expect(recorded()).toMatchObject([
		{ kind: SpanKind.SERVER, parentSpanContext: { traceId, isRemote: true } }
	]);
	expect(traceparentOfSpan(span)).toBe(`00-${traceId}-${span.spanContext().spanId}-01`);
});

test("a request that is not sampled has a traceparent that says so", () => {
	const none = new TracerProvider({ sampler: new AlwaysOffSampler(), spanProcessors: [processor] });
	recordSpansWith(none.getTracer("test"));
	const traceparent = traceparentOfSpan(startRequestSpan({ name: "GET" }, sampled)!);
	expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
	expect(startSpan({ name: "work" }, traceparent)).toBeUndefined();
});
