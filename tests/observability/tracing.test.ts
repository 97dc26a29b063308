import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { composeText, parseCompose, shopNodes } from "../deployment/compose-file.ts";
import { orderFaults, partFaults, type CollectorConfig } from "./collector-parts.rules.ts";
import type { Program } from "./trace-programs.ts";
import { tracingFaults } from "./tracing.rules.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const compose = "docker-compose.yml";
const collector = "observability/tracing/collector.yaml";
const jaeger = "observability/tracing/jaeger.yaml";
const datasource = "observability/grafana/provisioning/datasources/jaeger.yml";
const guide = "docs/observability.md";

const files: Readonly<Record<string, string>> = {
	[compose]: composeText(),
	...Object.fromEntries([collector, jaeger, datasource, guide].map(path => [path, read(path)]))
};

/** A service of the compose file, with the file that its command names. @throws Error where it is not mounted */
function programOf(name: string, all: typeof files): Program {
	const service = parseCompose(all[compose]!).value.services[name];
	if (!service) throw new Error(`there is no service ${name}`);
	const { command = [], volumes = [], environment = {}, mem_limit = "" } = service;
	const [, path] = /^--config=(.*)$/.exec(command.join(" ")) ?? [];
	const [source = ""] = volumes.find(one => one.split(":")[1] === path)?.split(":") ?? [];
	const text = all[source.replace("./", "")];
	if (text === undefined) throw new Error(`${name}: nothing is mounted at ${path}`);
	return { name, text, environment, memoryMiB: Number(/^(\d+)m$/.exec(mem_limit)?.[1]) };
}

function faults(all: typeof files): string[] {
	const { datasources } = parse(all[datasource]!) as { datasources: { url: string }[] };
	const [, endpoint = ""] =
		/OTEL_EXPORTER_OTLP_ENDPOINT=(\S+) docker compose/.exec(all[guide]!) ?? [];
	return tracingFaults({
		collector: programOf("otel-collector", all),
		jaeger: programOf("jaeger", all),
		endpoint,
		datasourceUrl: datasources[0]!.url
	});
}

describe("the traces of the profile observability", () => {
	it("come from nodes through a collector to Jaeger, and break no rule", () => {
		expect(faults(files)).toEqual([]);
	});

	it("are recorded by all nodes once there is an endpoint, and by none before", () => {
		for (const [name, { environment = {} }] of shopNodes(parseCompose(files[compose]!).value)) {
			const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG } = environment;
			expect([name, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG]).toEqual([name, "", "1"]);
		}
	});

	it("are shown once the health of Jaeger is good, by the port that it has for that", () => {
		const { extensions } = parse(files[jaeger]!) as {
			extensions: { healthcheckv2: { http: { endpoint: string } } };
		};
		const port = extensions.healthcheckv2.http.endpoint.split(":")[1];
		const { healthcheck } = parseCompose(files[compose]!).value.services.jaeger!;
		expect(healthcheck!.test!.at(-1)).toBe(`http://127.0.0.1:${port}/status`);
	});

	it.each<[fault: string, file: string, from: string, to: string, expected: string]>([
		[
			"an unknown processor",
			collector,
			"[memory_limiter, tail_sampling]",
			"[memory_limiter, tail_sample]",
			"otel-collector: traces names tail_sample, which is not among its processors"
		],
		[
			"a processor that is not used",
			collector,
			"[memory_limiter, tail_sampling]",
			"[tail_sampling]",
			"otel-collector: nothing uses memory_limiter"
		],
		[
			"an extension that is not started",
			jaeger,
			"[jaeger_storage, jaeger_query, healthcheckv2]",
			"[jaeger_storage, jaeger_query]",
			"jaeger: nothing uses healthcheckv2"
		],
		[
			"a limit after what it limits",
			collector,
			"[memory_limiter, tail_sampling]",
			"[tail_sampling, memory_limiter]",
			"otel-collector: memory_limiter is not the first processor of traces"
		],
		[
			"another port of Jaeger",
			collector,
			"http://jaeger:4318",
			"http://jaeger:4317",
			"the collector sends to http://jaeger:4317, and not to http://jaeger:4318"
		],
		[
			"a host that is not there",
			datasource,
			"http://jaeger:16686",
			"http://jaeger-query:16686",
			"Grafana asks http://jaeger-query:16686, and not to http://jaeger:16686"
		],
		[
			"an endpoint of nodes that is not there",
			guide,
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4318",
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318",
			"nodes send spans to http://collector:4318, and not to http://otel-collector:4318"
		],
		[
			"an address of its own only",
			collector,
			"endpoint: 0.0.0.0:4318",
			"endpoint: localhost:4318",
			"otel-collector listens at localhost:4318, which no other can reach"
		],
		[
			"a store that is not there",
			jaeger,
			"storage: { traces: recent }",
			"storage: { traces: memory }",
			"Jaeger has no store memory"
		],
		[
			"a misspelt variable",
			compose,
			"      TRACES_KEPT_PERCENT:",
			"      TRACE_KEPT_PERCENT:",
			"otel-collector is given TRACE_KEPT_PERCENT, which it does not read"
		],
		[
			"a variable that it is not given",
			collector,
			"http://jaeger:4318",
			'"${env:JAEGER_URL}"',
			"otel-collector is not given JAEGER_URL"
		],
		[
			"a share that is no percentage",
			compose,
			"${TRACES_KEPT_PERCENT:-100}",
			"${TRACES_KEPT_PERCENT:-all}",
			"the share of other traces is 10 or NaN percent"
		],
		[
			"errors that are not kept",
			collector,
			"status_codes: [ERROR]",
			"status_codes: [OK]",
			"no policy keeps traces with errors"
		],
		[
			"slow traces that are not kept",
			collector,
			"threshold_ms: 1000",
			"threshold_ms: 10000",
			"no policy keeps traces that take longer than a second"
		],
		[
			"a decision that comes early",
			collector,
			"decision_wait: 30s",
			"decision_wait: 5s",
			"decides after 5s, before most of a slow order is seen"
		],
		[
			"decisions that are not kept",
			collector,
			"sampled_cache_size: 50000",
			"sampled_cache_size: 0",
			"decisions are forgotten before the traces are, so late spans do not follow them"
		],
		[
			"any number of traces",
			collector,
			"    num_traces: 20000\n",
			"",
			"any number of traces may wait for their decision"
		],
		[
			"a trace of any size",
			collector,
			"    maximum_trace_size_bytes: 1048576\n",
			"",
			"a trace may have any size"
		],
		[
			"a request of any size",
			collector,
			"        max_request_body_size: 8388608\n",
			"",
			"a request to the collector may have any size"
		],
		[
			"less memory than it limits itself to",
			compose,
			"    mem_limit: 512m\n    depends_on:\n      jaeger:",
			"    mem_limit: 384m\n    depends_on:\n      jaeger:",
			"memory_limiter leaves no room in 384 MiB"
		],
		[
			"garbage that makes it refuse spans",
			compose,
			"GOMEMLIMIT: 280MiB",
			"GOMEMLIMIT: 400MiB",
			"otel-collector: its goal of memory is 400MiB, and not below 300 MiB"
		],
		[
			"no goal of memory",
			compose,
			"      GOMEMLIMIT: 450MiB\n",
			'      GOMEMLIMIT: "off"\n',
			"jaeger: its goal of memory is off, and not below 461 MiB"
		],
		[
			"a queue that takes all memory",
			collector,
			"queue_size: 67108864",
			"queue_size: 671088640",
			"the queue may take more than a quarter of the memory"
		],
		[
			"repetitions without an end",
			collector,
			"max_elapsed_time: 60s",
			"max_elapsed_time: 0s",
			"what is refused is sent again for ever"
		],
		[
			"a request without a limit of time",
			collector,
			"    timeout: 10s\n",
			"",
			"a request to Jaeger may take for ever"
		],
		[
			"a store without a limit",
			jaeger,
			"max_traces: 3000",
			"max_traces: 0",
			"Jaeger keeps any number of traces"
		],
		[
			"batches that are refused",
			collector,
			"max_size: 4194304",
			"max_size: 41943040",
			"the collector may send more at a time than Jaeger accepts"
		]
	])("would be refused with %s", (_, file, from, to, expected) => {
		const planted = files[file]!.replace(from, () => to);
		expect(planted).not.toBe(files[file]);
		expect(faults({ ...files, [file]: planted })).toContain(expected);
	});

	it("would be refused where the configuration is not mounted", () => {
		const planted = files[compose]!.replace("/etc/jaeger/jaeger.yaml:ro", "/etc/jaeger.yaml:ro");
		expect(() => faults({ ...files, [compose]: planted })).toThrow("nothing is mounted at");
	});
});

it("the collector of the log names parts that it has, and all of them", () => {
	const config = parse(read("observability/logging/collector.yaml")) as CollectorConfig;
	expect([...partFaults(config), ...orderFaults(config)]).toEqual([]);
});
