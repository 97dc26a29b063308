import { reportConnections } from "./connection-report.ts";
import type { DroppedConnection } from "../../../http/connections.ts";

const limits = { maxConnections: 1000, maxConnectionsOfNetwork: 250 };

it.each<[DroppedConnection, string]>([
	[
		{ limit: "all", dropped: "new", network: "192.0.2.1" },
		"too many connections (CONNECTIONS_MAX is 1000): refused a new one"
	],
	[
		{ limit: "all", dropped: "oldest", network: undefined },
		"too many connections (CONNECTIONS_MAX is 1000): closed the oldest one that was not in use"
	],
	[
		{ limit: "network", dropped: "new", network: "192.0.2.1" },
		"too many connections from 192.0.2.1 (CONNECTIONS_MAX_OF_NETWORK is 250): refused a new one; a proxy must be in TRUSTED_PROXIES"
	]
])("reports a dropped connection: %o", (connection, expected) => {
	const updates: unknown[][] = [];
	const lines: string[][] = [];
	const metrics = {
		register: { metrics: () => "", contentType: "" },
		update: (...update: unknown[]) => void updates.push(update)
	};
	const log = (...line: string[]) => void lines.push(line);
	const observer = reportConnections({ limits, metrics: () => metrics, log });
	observer.onCount(3);
	observer.onDropped(connection);
	const { limit, dropped } = connection;
	expect(updates).toEqual([
		["http_connections", "set", {}, 3],
		["http_connections_dropped_total", "inc", { limit, dropped }, 1]
	]);
	expect(lines).toEqual([[`connections ${limit}`, expected]]);
});
