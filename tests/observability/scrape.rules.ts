import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shopNodes, type ComposeFile } from "../deployment/compose-file.ts";
import { parseLined, type Path } from "../deployment/yaml-lines.ts";

interface Job {
	job_name: string;
	static_configs: { targets: string[] }[];
}

interface PrometheusFile {
	alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
	scrape_configs: Job[];
}

const dockerfile = readFileSync(join(import.meta.dirname, "../../Dockerfile"), "utf8");

/** METRICS_PORT of the image, which compose leaves as it is. */
const metricsPort = /\bMETRICS_PORT=(\d+)/.exec(dockerfile)?.[1];

function portsOf({ services }: ComposeFile, name: string, isNode: boolean): string[] {
	if (isNode) return metricsPort === undefined ? [] : [metricsPort];
	return (services[name]?.ports ?? []).map(port => port.split(":").at(-1)!);
}

/**
 * What is wrong with the jobs of Prometheus, one line each that begins with the file and the line: targets that are no
 * service of the compose file, or have another port, and nodes that no job scrapes.
 */
export function scrapeFaults(path: string, text: string, compose: ComposeFile): string[] {
	const { value, lineOf } = parseLined<PrometheusFile>(text);
	const nodes = shopNodes(compose).map(([name]) => name);
	const targets = value.scrape_configs.flatMap(({ job_name, static_configs }, job) =>
		static_configs.flatMap(({ targets: own }, group) =>
			own.map((target, index) => {
				const at: Path = ["scrape_configs", job, "static_configs", group, "targets", index];
				const [name, port] = target.split(":") as [string, string];
				return { job: job_name, at, name, port };
			})
		)
	);
	const faults = targets.flatMap(({ job, at, name, port }): [Path, string][] => {
		if (!Object.hasOwn(compose.services, name))
			return [[at, `the job ${job} names ${name}, which is no service`]];
		const ports = portsOf(compose, name, nodes.includes(name));
		return ports.includes(port) ? [] : [[at, `${name} has no metrics at port ${port}`]];
	});
	const ofShop = targets.filter(({ job }) => job === "shop").map(({ name }) => name);
	const missing = nodes
		.filter(name => !ofShop.includes(name))
		.map((name): [Path, string] => [["scrape_configs"], `the job shop does not scrape ${name}`]);
	const twice = targets
		.filter(({ name }, index) => targets.findIndex(one => one.name === name) < index)
		.map(({ at, name }): [Path, string] => [at, `${name} is scraped twice`]);
	return [...faults, ...missing, ...twice].map(([at, fault]) => `${path}:${lineOf(at)}: ${fault}`);
}
