import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../../launch/process/free-port.ts";
import { alertmanagerPrograms } from "../../../cli/test/requirements.ts";
import { until } from "../until.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { observability, writeLoopbackConfig, type Addresses } from "./loopback-config.ts";

interface Server {
	url: string;
	stop(): Promise<void>;
}

async function start(
	programs: readonly string[],
	args: (port: number) => string[]
): Promise<Server> {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	let output = "";
	for (const program of programs) {
		const child = spawn(program, args(port), { stdio: ["ignore", "pipe", "pipe"] });
		const started = once(child, "spawn").then(
			() => true,
			() => false
		);
		if (!(await started)) continue;
		const exit = once(child, "exit");
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding("utf8").on("data", (text: string) => (output += text));
		const isReady = () =>
			fetch(`${url}/-/ready`).then(
				({ ok }) => ok,
				() => false
			);
		await until(async () => child.exitCode !== null || (await isReady()), 30_000);
		if (child.exitCode !== null) throw new Error(`${program} ended:\n${output}`);
		return {
			url,
			async stop() {
				child.kill("SIGKILL");
				await exit;
			}
		};
	}
	throw new Error(`there is no ${programs.join(" or ")}`);
}

export interface Alertmanager extends Server {
	/** Labels of the alerts that it was sent, with the receivers to which it routes each. */
	alerts(): Promise<{ labels: Record<string, string>; receivers: string[] }[]>;
}

/** With the routes of the shop. */
export async function startAlertmanager(): Promise<Alertmanager> {
	const config = join(observability, "alertmanager/alertmanager.yml");
	const server = await start(alertmanagerPrograms, port => [
		`--config.file=${config}`,
		`--storage.path=${temporaryFolder()}`,
		`--web.listen-address=127.0.0.1:${port}`,
		"--cluster.listen-address="
	]);
	return {
		...server,
		async alerts() {
			const response = await fetch(`${server.url}/api/v2/alerts`);
			const found = (await response.json()) as {
				labels: Record<string, string>;
				receivers: { name: string }[];
			}[];
			return found.map(({ labels, receivers }) => ({
				labels,
				receivers: receivers.map(({ name }) => name)
			}));
		}
	};
}

export interface Sample {
	labels: Record<string, string>;
	value: number;
}

export interface Prometheus extends Server {
	/** @throws Error with what is wrong with the query */
	query(expr: string): Promise<Sample[]>;
	/** Of each target that is scraped: its job, its node and whether it was up. */
	targets(): Promise<string[]>;
	/** Names and labels of the alerts that fire. */
	firing(): Promise<Record<string, string>[]>;
}

/** With the jobs and rules of the shop. */
export async function startPrometheus(addresses: Addresses): Promise<Prometheus> {
	const config = join(writeLoopbackConfig(addresses), "prometheus.yml");
	const server = await start(["prometheus"], port => [
		`--config.file=${config}`,
		`--storage.tsdb.path=${temporaryFolder()}`,
		`--web.listen-address=127.0.0.1:${port}`
	]);

	async function ask<T>(path: string): Promise<T> {
		const response = await fetch(`${server.url}/api/v1/${path}`);
		const { data, error } = (await response.json()) as { data: T; error?: string };
		if (error) throw new Error(error);
		return data;
	}

	return {
		...server,
		async query(expr) {
			const { result } = await ask<{
				result: { metric: Record<string, string>; value: [number, string] }[];
			}>(`query?query=${encodeURIComponent(expr)}`);
			return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
		},
		async targets() {
			const { activeTargets } = await ask<{
				activeTargets: { labels: Record<string, string>; health: string }[];
			}>("targets?state=active");
			return activeTargets.map(({ labels: { job, node }, health }) =>
				[job, node, health].filter(Boolean).join(" ")
			);
		},
		async firing() {
			const { alerts } = await ask<{
				alerts: { labels: Record<string, string>; state: string }[];
			}>("alerts");
			return alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels);
		}
	};
}
