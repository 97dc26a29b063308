import { text } from "./variable.ts";

/** As in a baggage header: printable ASCII, of which some characters are percent-encoded. */
const character = "[!-$&-+\\--~]|%2[0-9A-Fa-f]|%[3-6][0-9A-Fa-f]|%7[0-9A-Ea-e]";
const header = `[\\w.-]+=(${character})*`;

/** Variables about traces, by the names of OpenTelemetry (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). */
export const tracingVariables = {
	OTEL_EXPORTER_OTLP_ENDPOINT: {
		schema: text(
			"^https?://[^\\s/?#@\\\\]+(/[^\\s?#\\\\]*)?$",
			"a URL that begins with http:// or https://, without user, query and fragment"
		),
		about:
			"where spans are sent, by OTLP over HTTP: /v1/traces is added to this URL; without it none are recorded"
	},
	OTEL_EXPORTER_OTLP_HEADERS: {
		schema: text(
			`^${header}(,${header})*$`,
			"name=value pairs separated by commas, with %20 for a space"
		),
		secret: true,
		about: "headers of these requests, such as the key of a tracing provider: name=value,…"
	},
	OTEL_TRACES_SAMPLER_ARG: {
		schema: text("^(0(\\.\\d{1,6})?|1(\\.0{1,6})?)$", "a number from 0 to 1, such as 0.05"),
		fallback: "0.1",
		about: "share of requests whose trace is recorded"
	}
} as const;

/** @param list valid for OTEL_EXPORTER_OTLP_HEADERS */
export function parseHeaders(list: string | undefined): Record<string, string> {
	const pairs = list?.split(",").map((pair): [string, string] => {
		const end = pair.indexOf("=");
		return [pair.slice(0, end), decodeURIComponent(pair.slice(end + 1))];
	});
	return Object.fromEntries(pairs ?? []);
}

/** They are those of the request itself. */
const ownHeaders = /^(content-.*|transfer-encoding|connection|host)$/i;

/** Issues of values that have the right form. */
export function tracingIssues(endpoint: string | undefined, headers: string | undefined): string[] {
	const own = Object.keys(parseHeaders(headers)).filter(name => ownHeaders.test(name));
	return [
		...(endpoint === undefined || URL.canParse(endpoint)
			? []
			: [`OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(endpoint)} must be a URL with a host`]),
		...own.map(name => `OTEL_EXPORTER_OTLP_HEADERS: ${name} is set by the exporter itself`)
	];
}
