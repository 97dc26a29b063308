import {
	AlwaysOnSampler,
	InMemorySpanExporter,
	SimpleSpanProcessor,
	TracerProvider,
	type ReadableSpan
} from "@opentelemetry/sdk-trace";
import { recordSpansWith } from "../../../lib/tracing/spans.ts";

/** A traceparent whose trace is recorded. */
export const sampledTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** While the tests of this file run, spans are recorded in memory. @returns those of the present test */
export function useRecordedSpans(): () => ReadableSpan[] {
	const exporter = new InMemorySpanExporter();
	const provider = new TracerProvider({
		sampler: new AlwaysOnSampler(),
		spanProcessors: [new SimpleSpanProcessor({ exporter })]
	});
	beforeEach(() => recordSpansWith(provider.getTracer("test")));
	afterEach(() => {
		recordSpansWith(undefined);
		exporter.reset();
	});
	return () => exporter.getFinishedSpans();
}
