import { once } from "node:events";
import { freePort } from "../../../launch/process/free-port.ts";
import { launch } from "../servers/processes.ts";
import { until } from "../until.ts";

/** A node of one version, as a process. */
export interface VersionNode {
	readonly version: string;
	readonly services: string;
	/** Of a gateway. */
	readonly url: string;
	/** The text of its `/metrics`. */
	metrics(): Promise<string>;
	/** What it has printed so far. */
	output(): string;
	/** Ends it in order. @throws Error unless it ends with 0 */
	stop(): Promise<void>;
	kill(): void;
}

/** A tree of a version, and the settings that its nodes share. */
export interface VersionTree {
	version: string;
	/** This tree by default. */
	tree?: string | undefined;
	environment: Record<string, string>;
}

/** Starts a node; resolves when it has found all services of the shop. @param services as in `SERVICES` */
export async function startVersion(
	{ version, tree, environment }: VersionTree,
	services: string,
	port = 0
): Promise<VersionNode> {
	const metricsPort = await freePort();
	const own = {
		SERVICES: services,
		METRICS_PORT: String(metricsPort),
		...(port > 0 && { PORT: String(port) })
	};
	const { child, output } = launch("node.ts", [], { ...environment, ...own }, tree);
	const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
	const what = `${services} of ${version}`;
	await until(() => hasEnded() || /^ready: /m.test(output()), 90_000);
	if (hasEnded()) throw new Error(`${what} did not start:\n${output()}`);
	return {
		version,
		services,
		url: `http://127.0.0.1:${port}`,
		metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
		output,
		async stop() {
			const exit = hasEnded() || once(child, "exit");
			child.kill("SIGTERM");
			await exit;
			if (child.exitCode !== 0) throw new Error(`${what} did not end in order:\n${output()}`);
		},
		kill: () => void child.kill("SIGKILL")
	};
}
