import type { IncomingMessage, ServerResponse } from "node:http";

/** The part of the metrics service that is called directly, because a broker event costs too much. */
export interface Metrics {
	readonly register: { metrics(): string; readonly contentType: string };
	update(name: string, method: "inc" | "observe" | "set", labels: object, value: number): void;
}

/** No path of the shop is as long; a request line may have 16 KB. */
const loggedLength = 1000;

/** Without its query, which may hold what a customer searched for. */
const loggedPath = ({ url = "" }: IncomingMessage): string =>
	url.slice(0, loggedLength).split("?", 1)[0]!;

/**
 * Counts, times and logs a completed request. `route` is a template, because ids would be unbounded.
 */
export function measure(
	req: IncomingMessage,
	res: ServerResponse,
	metrics: () => Metrics | undefined,
	route: () => string,
	log: (line: string) => void
): void {
	const start = performance.now();
	const path = loggedPath(req);
	res.once("close", () => {
		const labels = { method: req.method!, route: route() };
		const seconds = (performance.now() - start) / 1000;
		metrics()?.update("http_requests_total", "inc", { ...labels, status: res.statusCode }, 1);
		metrics()?.update("http_request_duration_seconds", "observe", labels, seconds);
		log(`${req.method} ${path} ${res.statusCode} ${(seconds * 1000).toFixed(1)} ms`);
	});
}
