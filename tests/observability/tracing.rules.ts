import { parse } from "yaml";
import { orderFaults, partFaults, type CollectorConfig } from "./collector-parts.rules.ts";
import { limitFaults, memoryFaults, samplingFaults } from "./trace-limits.rules.ts";
import { collectorOf, jaegerOf, listening, type Program, type Tracing } from "./trace-programs.ts";

/** How the programs that take spans are given settings, and how they find each other. */

const variablePattern = /\$\{env:(\w+)(:-[^}]*)?\}/g;

/** A name that is misspelt has its default for ever. */
function environmentFaults({ name, text, environment }: Program): string[] {
	const found = [...text.matchAll(variablePattern)];
	const names = [...found.map(([, variable]) => variable!), "GOMEMLIMIT"];
	return [
		...found
			.filter(([, variable, fallback]) => !fallback && !environment[variable!])
			.map(([, variable]) => `${name} is not given ${variable}`),
		...Object.keys(environment)
			.filter(variable => !names.includes(variable))
			.map(variable => `${name} is given ${variable}, which it does not read`)
	];
}

function addressFaults(tracing: Tracing): string[] {
	const { collector, jaeger, endpoint, datasourceUrl } = tracing;
	const ports = listening(tracing);
	const { exporters } = collectorOf(tracing);
	const { extensions, exporters: stores } = jaegerOf(tracing);
	const urls: [what: string, url: string, expected: string][] = [
		["nodes send spans to", endpoint, `http://${collector.name}:${ports.collector.otlp}`],
		[
			"the collector sends to",
			exporters.otlp_http.endpoint,
			`http://${jaeger.name}:${ports.jaeger.otlp}`
		],
		["Grafana asks", datasourceUrl, `http://${jaeger.name}:${ports.jaeger.http}`]
	];
	const named = [
		extensions.jaeger_query.storage.traces,
		stores.jaeger_storage_exporter.trace_storage
	];
	return [
		...urls
			.filter(([, url, expected]) => url !== expected)
			.map(([what, url, expected]) => `${what} ${url}, and not to ${expected}`),
		...named
			.filter(name => !Object.hasOwn(extensions.jaeger_storage.backends, name))
			.map(name => `Jaeger has no store ${name}`),
		...[collector, jaeger].flatMap(({ name, text }) =>
			[...text.matchAll(/endpoint: "?(localhost|127\.0\.0\.1):(\d+)/g)]
				.filter(([, , port]) =>
					Object.values(ports).some(own => Object.values(own).includes(port!))
				)
				.map(([, host, port]) => `${name} listens at ${host}:${port}, which no other can reach`)
		)
	];
}

/** What is wrong with the programs that take spans, one line each. */
export function tracingFaults(tracing: Tracing): string[] {
	const { collector, jaeger } = tracing;
	return [
		...[collector, jaeger].flatMap(one => {
			const config = parse(one.text) as CollectorConfig;
			return [
				...[...partFaults(config), ...orderFaults(config)].map(fault => `${one.name}: ${fault}`),
				...environmentFaults(one)
			];
		}),
		...memoryFaults(tracing),
		...samplingFaults(tracing),
		...limitFaults(tracing),
		...addressFaults(tracing)
	];
}
