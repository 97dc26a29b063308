import { diag, DiagLogLevel, type Tracer } from "@opentelemetry/api";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { within } from "../retry.ts";

/** Where spans go, by OTLP over HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/). */
export interface TracingSettings {
	/** Base URL of the receiver, to which `/v1/traces` is added. */
	endpoint: string;
	headers: Readonly<Record<string, string>>;
	/** Of traces that begin here, from 0 to 1. */
	sampleRatio: number;
	/** Resource attributes: what the spans say of this process. */
	resource: Readonly<Record<string, string | number>>;
	/** Called when spans are lost, because the receiver does not take them or not as fast as they come. */
	onLost(kind: "refused" | "dropped" | "at the end", line: string): void;
}

interface Tracing {
	tracer: Tracer;
	/** Sends what waits, for 2 s at most. */
	close(): Promise<void>;
}

/** Some 2 KB each; beyond it spans are lost. */
const maxWaiting = 4096;
const batch = { maxQueueSize: maxWaiting, maxExportBatchSize: 512, scheduledDelayMillis: 2000 };
const exportWithinMs = 10_000;
const closeWithinMs = 2000;

const ignore = () => undefined;
const oneLine = (...words: unknown[]) => words.map(String).join(" ").replace(/\s+/g, " ").trim();

/** The processor would pass failures on to a handler of the process, as a stack. */
const reporting = (exporter: SpanExporter, onLost: TracingSettings["onLost"]): SpanExporter => ({
	export(spans, done) {
		exporter.export(spans, ({ code, error }) => {
			const reason = oneLine(error?.message ?? "refused");
			if (code !== 0) onLost("refused", `${spans.length} spans are lost: ${reason}`);
			done({ code: 0 });
		});
	},
	shutdown: () => exporter.shutdown()
});

/** Loads the SDK, which a process that exports no spans does not pay for. */
export async function openTracing(settings: TracingSettings): Promise<Tracing> {
	const { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, ...sdk } =
		await import("@opentelemetry/sdk-trace");
	const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
	const { resourceFromAttributes } = await import("@opentelemetry/resources");
	const { sampleRatio, onLost } = settings;
	const { RECORD_AND_SAMPLED, NOT_RECORD } = sdk.SamplingDecision;
	// By chance, and not by the trace's id as usual, because a client may choose that.
	const edge = {
		shouldSample: () => ({
			decision: Math.random() < sampleRatio ? RECORD_AND_SAMPLED : NOT_RECORD
		}),
		toString: () => `Random{${sampleRatio}}`
	};
	const sampler = new ParentBasedSampler({
		root: edge,
		remoteParentSampled: edge,
		remoteParentNotSampled: edge,
		localParentSampled: new AlwaysOnSampler(),
		localParentNotSampled: new AlwaysOffSampler()
	});
	// The processor says there how many spans it dropped.
	diag.setLogger(
		{
			error: ignore,
			warn: (...words) => onLost("dropped", oneLine(...words)),
			info: ignore,
			debug: ignore,
			verbose: ignore
		},
		{ logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true }
	);
	const exporter = new OTLPTraceExporter({
		url: `${settings.endpoint.replace(/\/+$/, "")}/v1/traces`,
		headers: { ...settings.headers },
		timeoutMillis: exportWithinMs
	});
	const provider = new sdk.TracerProvider({
		sampler,
		resource: resourceFromAttributes({ ...settings.resource }),
		spanProcessors: [new BatchSpanProcessor({ ...batch, exporter: reporting(exporter, onLost) })]
	});
	return {
		tracer: provider.getTracer("moleculer-commerce"),
		async close() {
			const sent = provider.shutdown().then(() => true, ignore);
			if (await within(closeWithinMs, sent)) return;
			onLost("at the end", "spans that waited at the end are lost");
		}
	};
}
