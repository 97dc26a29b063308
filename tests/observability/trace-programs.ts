import { parse } from "yaml";
import type { CollectorConfig } from "./collector-parts.rules.ts";

/** What takes and keeps spans: the collector and Jaeger, in docker-compose.yml and in a cluster alike. */

/** A program with what runs it. */
export interface Program {
	/** Its host name. */
	name: string;
	/** Its configuration, as YAML. */
	text: string;
	environment: Readonly<Record<string, unknown>>;
	memoryMiB: number;
}

export interface Tracing {
	collector: Program;
	jaeger: Program;
	/** Where nodes send their spans. */
	endpoint: string;
	/** Where Grafana looks for traces. */
	datasourceUrl: string;
}

interface HttpServer {
	endpoint: string;
	max_request_body_size?: number;
}

interface Receivers {
	otlp: { protocols: { http: HttpServer } };
}

interface Policy {
	type: string;
	status_code?: { status_codes: string[] };
	latency?: { threshold_ms: number };
	probabilistic?: { sampling_percentage: string };
}

interface Collector extends CollectorConfig {
	extensions: { health_check: HttpServer };
	receivers: Receivers & Record<string, unknown>;
	processors: {
		memory_limiter?: { limit_mib: number; spike_limit_mib: number };
		tail_sampling: {
			decision_wait: string;
			num_traces?: number;
			maximum_trace_size_bytes?: number;
			decision_cache?: { sampled_cache_size: number; non_sampled_cache_size: number };
			policies: Policy[];
		};
	};
	exporters: {
		otlp_http: {
			endpoint: string;
			timeout?: string;
			retry_on_failure?: { max_elapsed_time: string };
			sending_queue?: { sizer: string; queue_size: number; batch?: { max_size: number } };
		};
	};
}

interface Jaeger extends CollectorConfig {
	extensions: {
		jaeger_storage: { backends: Record<string, { memory?: { max_traces?: number } }> };
		jaeger_query: { storage: { traces: string }; http: HttpServer };
		healthcheckv2: { http: HttpServer };
	};
	receivers: Receivers & Record<string, unknown>;
	exporters: { jaeger_storage_exporter: { trace_storage: string } };
}

export const collectorOf = ({ collector }: Pick<Tracing, "collector">) =>
	parse(collector.text) as Collector;
export const jaegerOf = ({ jaeger }: Tracing) => parse(jaeger.text) as Jaeger;

const portOf = ({ endpoint }: HttpServer) => endpoint.split(":").at(-1)!;

/** What each listens at, by the names that ports of a pod have. */
export const listening = (
	tracing: Tracing
): Record<"collector" | "jaeger", Record<string, string>> => {
	const collector = collectorOf(tracing);
	const jaeger = jaegerOf(tracing);
	return {
		collector: {
			otlp: portOf(collector.receivers.otlp.protocols.http),
			health: portOf(collector.extensions.health_check)
		},
		jaeger: {
			otlp: portOf(jaeger.receivers.otlp.protocols.http),
			http: portOf(jaeger.extensions.jaeger_query.http),
			health: portOf(jaeger.extensions.healthcheckv2.http)
		}
	};
};
