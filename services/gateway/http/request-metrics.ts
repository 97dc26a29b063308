import type { IncomingMessage, ServerResponse } from "node:http";

/** The part of the metrics service that is called directly: an event costs more than the rest. */
export interface Metrics {
	readonly register: { metrics(): string; readonly contentType: string };
	update(name: string, method: "inc" | "observe", labels: object, value: number): void;
}

/** Counts and times the request when its answer is out. `route` is a template: ids would be endless. */
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
