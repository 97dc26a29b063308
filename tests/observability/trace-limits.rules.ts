import { collectorOf, jaegerOf, type Program, type Tracing } from "./trace-programs.ts";

/** What the programs that take spans keep, and how much of it. */

const mebibytes = (text: unknown) => Number(/^(\d+)MiB$/.exec(String(text))?.[1]);

/**
 * Go collects garbage more often near its goal (GOMEMLIMIT). Above what memory_limiter takes as too much, garbage would make
 * it refuse spans: 8 % of them at 200 orders a second.
 */
export function memoryFaults(tracing: Tracing): string[] {
	const { memory_limiter: limiter } = collectorOf(tracing).processors;
	const refusedFrom = limiter ? limiter.limit_mib - limiter.spike_limit_mib : 0;
	const most: [Program, number][] = [
		[tracing.collector, refusedFrom],
		[tracing.jaeger, 0.9 * tracing.jaeger.memoryMiB]
	];
	return most
		.filter(([{ environment }, limit]) => !(mebibytes(environment.GOMEMLIMIT) < limit))
		.map(
			([{ name, environment }, limit]) =>
				`${name}: its goal of memory is ${String(environment.GOMEMLIMIT)}, and not below ${Math.round(limit)} MiB`
		);
}

const seconds = (duration: string) => Number(/^(\d+)s$/.exec(duration)?.[1]);

/** Half of the orders may take that long to be confirmed (the alert ShopOrdersConfirmedSlowly), and nodes send every 2 s. */
const decisionAfterSeconds = 12;

/** Which traces are kept, and when that is decided. */
export function samplingFaults(tracing: Tracing): string[] {
	const { environment } = tracing.collector;
	const { tail_sampling: sampling } = collectorOf(tracing).processors;
	const policy = (type: string) => sampling.policies.find(one => one.type === type);
	const [, name = "", fallback] =
		/^\$\{env:(\w+):-(.*)\}$/.exec(
			policy("probabilistic")?.probabilistic?.sampling_percentage ?? ""
		) ?? [];
	const shares = [fallback, environment[name] ?? fallback].map(Number);
	const least = Math.min(
		sampling.decision_cache?.sampled_cache_size ?? 0,
		sampling.decision_cache?.non_sampled_cache_size ?? 0
	);
	return [
		...(policy("status_code")?.status_code?.status_codes.includes("ERROR")
			? []
			: ["no policy keeps traces with errors"]),
		...(policy("latency")?.latency?.threshold_ms === 1000
			? []
			: ["no policy keeps traces that take longer than a second"]),
		...(shares.every(share => share >= 0 && share <= 100)
			? []
			: [`the share of other traces is ${shares.join(" or ")} percent`]),
		...(seconds(sampling.decision_wait) >= decisionAfterSeconds
			? []
			: [`decides after ${sampling.decision_wait}, before most of a slow order is seen`]),
		...(least > (sampling.num_traces ?? Infinity)
			? []
			: ["decisions are forgotten before the traces are, so late spans do not follow them"])
	];
}

/** What would grow without a limit. */
export function limitFaults(tracing: Tracing): string[] {
	const { receivers, processors, exporters } = collectorOf(tracing);
	const jaeger = jaegerOf(tracing);
	const { memory_limiter: limiter, tail_sampling: sampling } = processors;
	const { sending_queue: queue, retry_on_failure: retry, timeout } = exporters.otlp_http;
	const store = jaeger.extensions.jaeger_storage.backends;
	const accepted = jaeger.receivers.otlp.protocols.http.max_request_body_size;
	const queueMiB = queue?.sizer === "bytes" ? queue.queue_size / 2 ** 20 : Infinity;
	const all: [isLimited: boolean, fault: string][] = [
		[
			limiter !== undefined && limiter.limit_mib <= 0.8 * tracing.collector.memoryMiB,
			`memory_limiter leaves no room in ${tracing.collector.memoryMiB} MiB`
		],
		[
			receivers.otlp.protocols.http.max_request_body_size !== undefined,
			"a request to the collector may have any size"
		],
		[Boolean(sampling.num_traces), "any number of traces may wait for their decision"],
		[Boolean(sampling.maximum_trace_size_bytes), "a trace may have any size"],
		[
			queueMiB <= (limiter?.limit_mib ?? 0) / 4,
			"the queue may take more than a quarter of the memory"
		],
		[Number(seconds(retry?.max_elapsed_time ?? "")) > 0, "what is refused is sent again for ever"],
		[Number(seconds(timeout ?? "")) > 0, "a request to Jaeger may take for ever"],
		[
			Object.values(store).every(({ memory }) => Boolean(memory?.max_traces)),
			"Jaeger keeps any number of traces"
		],
		[
			accepted !== undefined && (queue?.batch?.max_size ?? Infinity) <= accepted,
			"the collector may send more at a time than Jaeger accepts"
		]
	];
	return all.filter(([isLimited]) => !isLimited).map(([, fault]) => fault);
}
