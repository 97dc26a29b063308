import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { temporaryFolder } from "../servers/temporary-folder.ts";

export const observability = join(import.meta.dirname, "../../../observability");

interface StaticConfig {
	targets: string[];
}

interface ScrapeConfig {
	job_name: string;
	static_configs: StaticConfig[];
	relabel_configs?: object[];
}

interface PrometheusConfig {
	global: object;
	alerting: { alertmanagers: { static_configs: StaticConfig[] }[] };
	scrape_configs: ScrapeConfig[];
}

/** Addresses of the configuration, and where each is on this host. */
export type Addresses = ReadonlyMap<string, string>;

/**
 * The same jobs at other addresses: a target keeps its labels, because it is replaced after they were made. Targets that
 * are not on this host are left out.
 */
function onLoopback(config: PrometheusConfig, addresses: Addresses): PrometheusConfig {
	const known = (targets: string[]) => targets.filter(one => addresses.has(one));
	const replace = Array.from(addresses, ([from, to]) => ({
		source_labels: ["__address__"],
		regex: from,
		target_label: "__address__",
		replacement: to
	}));
	return {
		...config,
		global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
		alerting: {
			alertmanagers: config.alerting.alertmanagers.map(({ static_configs }) => ({
				static_configs: static_configs.map(({ targets }) => ({
					targets: known(targets).map(one => addresses.get(one)!)
				}))
			}))
		},
		scrape_configs: config.scrape_configs.map(job => ({
			...job,
			static_configs: job.static_configs.map(one => ({ ...one, targets: known(one.targets) })),
			relabel_configs: [...(job.relabel_configs ?? []), ...replace]
		}))
	};
}

/** The folder of the configuration of Prometheus, with other addresses, and alerts that wait for a second only. */
export function writeLoopbackConfig(addresses: Addresses): string {
	const copy = join(temporaryFolder(), "prometheus");
	cpSync(join(observability, "prometheus"), copy, { recursive: true });
	const file = join(copy, "prometheus.yml");
	const config = parse(readFileSync(file, "utf8")) as PrometheusConfig;
	writeFileSync(file, stringify(onLoopback(config, addresses)));
	for (const name of readdirSync(join(copy, "rules"))) {
		const rules = join(copy, "rules", name);
		writeFileSync(rules, readFileSync(rules, "utf8").replace(/^( +for:) .*/gm, "$1 1s"));
	}
	return copy;
}
