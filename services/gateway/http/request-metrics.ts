import type { IncomingMessage, ServerResponse } from "node:http";

/** The part of the metrics service that is called directly, because a broker event costs too much. */
export interface Metrics {
	readonly register: { metrics(): string; readonly contentType: string };
	update(name: string, method: "inc" | "observe" | "set", labels: object, value: number): void;
}

/** Counts and times a completed request. `route` is a template, because ids would be unbounded. */
export function measure(
	req: IncomingMessage,
	res: ServerResponse,
	metrics: () => Metrics | undefined,
	route: () => string
): void {
	const start = performance.now();
	res.once("close", () => {
		const labels = { method: req.method!, route: route() };
		const seconds = (performance.now() - start) / 1000;
		metrics()?.update("http_requests_total", "inc", { ...labels, status: res.statusCode }, 1);
		metrics()?.update("http_request_duration_seconds", "observe", labels, seconds);
	});
}
