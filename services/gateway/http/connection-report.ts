import type { Metrics } from "./request-metrics.ts";
import type {
	ConnectionLimits,
	ConnectionObserver,
	DroppedConnection
} from "../../../http/connections.ts";

interface ReportOptions {
	limits: Pick<ConnectionLimits, "maxConnections" | "maxConnectionsOfNetwork">;
	metrics(): Metrics | undefined;
	/** Called for each dropped connection: `kind` is one of two, and lines of one kind come many times a second. */
	log(kind: string, line: string): void;
}

/** Reports the connections of the API's port as metrics, and in the log those that were dropped. */
export function reportConnections({ limits, metrics, log }: ReportOptions): ConnectionObserver {
	return {
		onCount: open => metrics()?.update("http_connections", "set", {}, open),
		onDropped(connection) {
			const { limit, dropped } = connection;
			metrics()?.update("http_connections_dropped_total", "inc", { limit, dropped }, 1);
			log(`connections ${limit}`, describe(connection, limits));
		}
	};
}

function describe(
	{ limit, dropped, network }: DroppedConnection,
	{ maxConnections, maxConnectionsOfNetwork }: ReportOptions["limits"]
): string {
	const what =
		dropped === "new" ? "refused a new one" : "closed the oldest one that was not in use";
	return limit === "all"
		? `too many connections (CONNECTIONS_MAX is ${maxConnections}): ${what}`
		: `too many connections from ${network} (CONNECTIONS_MAX_OF_NETWORK is ${maxConnectionsOfNetwork}): ${what}; a proxy must be in TRUSTED_PROXIES`;
}
