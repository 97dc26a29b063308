import { EnvironmentError } from "./environment-error.ts";
import { toConfig } from "./index.ts";
import { readEnvironment } from "./read-environment.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
const tracingOf = (source: Record<string, string>) => toConfig(readEnvironment(source)).tracing;

test("without an endpoint there is no tracing", () => {
	expect(tracingOf({ OTEL_TRACES_SAMPLER_ARG: "1" })).toBeUndefined();
});

test("an endpoint is enough", () => {
	expect(tracingOf(endpoint)).toEqual({
		endpoint: "http://127.0.0.1:4318",
		headers: {},
		sampleRatio: 0.1
	});
});

test.each([
	["x-key=1", { "x-key": "1" }],
	[
		"Authorization=Basic%20dTpw==,x-scope=shop",
		{ Authorization: "Basic dTpw==", "x-scope": "shop" }
	],
	["empty=", { empty: "" }]
])("headers %s", (OTEL_EXPORTER_OTLP_HEADERS, headers) => {
	expect(tracingOf({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS })).toMatchObject({ headers });
});

test.each(["0", "1", "0.05", "1.0"])("the ratio %s", OTEL_TRACES_SAMPLER_ARG => {
	const sampleRatio = Number(OTEL_TRACES_SAMPLER_ARG);
	expect(tracingOf({ ...endpoint, OTEL_TRACES_SAMPLER_ARG })).toMatchObject({ sampleRatio });
});

test.each([
	["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be a URL"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317", "must be a URL"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "http://key:secret@collector:4318", "must be a URL"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:99999", "must be a URL with a host"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1", "must be a URL with a host"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "http://%zz:4318", "must be a URL with a host"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "http://:4318", "must be a URL with a host"],
	["OTEL_EXPORTER_OTLP_ENDPOINT", "http://a\\b:1", "must be a URL"],
	["OTEL_EXPORTER_OTLP_HEADERS", "Content-Length=5", "Content-Length is set by the exporter"],
	["OTEL_EXPORTER_OTLP_HEADERS", "x=1,host=a", "host is set by the exporter"],
	["OTEL_EXPORTER_OTLP_HEADERS", "no-value", "a secret value must be name=value pairs"],
	["OTEL_EXPORTER_OTLP_HEADERS", "x=a%0d%0ay", "a secret value must be name=value pairs"],
	["OTEL_EXPORTER_OTLP_HEADERS", "x=a b", "a secret value must be name=value pairs"],
	["OTEL_EXPORTER_OTLP_HEADERS", "x=%zz", "a secret value must be name=value pairs"],
	["OTEL_TRACES_SAMPLER_ARG", "10%", "must be a number from 0 to 1"],
	["OTEL_TRACES_SAMPLER_ARG", "1.5", "must be a number from 0 to 1"],
	["OTEL_TRACES_SAMPLER_ARG", "-0.1", "must be a number from 0 to 1"]
])("%s=%s is refused", (name, value, words) => {
	expect(() => readEnvironment({ ...endpoint, [name]: value })).toThrow(EnvironmentError);
	expect(() => readEnvironment({ ...endpoint, [name]: value })).toThrow(words);
});
