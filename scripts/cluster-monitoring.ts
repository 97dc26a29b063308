import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isSeq, parseDocument } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const note = "# Made of observability/ by npm run generate: change it there.\n";

/** Names of the headless Services that list the pods of each node, ready or not. */
const ofPods = (node: string) => `${node}-metrics`;

/**
 * The jobs of Prometheus for Kubernetes: those of observability/prometheus, whose nodes are found by DNS instead of being one
 * container each. DNS needs no right on the Kubernetes API, no token of it in the pod and no way to it.
 */
function jobs(): string {
	const document = parseDocument(read("observability/prometheus/prometheus.yml"));
	const configs = document.get("scrape_configs");
	if (!isSeq(configs)) throw new Error("prometheus.yml has no scrape_configs");
	const job = configs.items.find(one => isMap(one) && one.get("job_name") === "shop");
	if (!isMap(job)) throw new Error("prometheus.yml has no job shop");
	const targets = (job.toJSON() as { static_configs: { targets: string[] }[] }).static_configs
		.flatMap(group => group.targets)
		.map(target => target.split(":") as [string, string]);
	const ports = [...new Set(targets.map(([, port]) => Number(port)))];
	if (ports.length !== 1) throw new Error("the nodes have several ports");
	job.delete("static_configs");
	job.set("dns_sd_configs", [
		{ names: targets.map(([name]) => ofPods(name)), type: "A", port: ports[0] }
	]);
	job.set("relabel_configs", [
		{ source_labels: ["__meta_dns_name"], regex: ofPods("(.+)"), target_label: "node" }
	]);
	document.set("rule_files", ["/etc/prometheus/*.rules.yml"]);
	document.commentBefore = null;
	job.commentBefore = " The nodes of the shop, each by the name of its pods.";
	return document.toString({ lineWidth: 0 });
}

const copies: Readonly<Record<string, string>> = {
	"alerts.rules.yml": "observability/prometheus/rules/alerts.yml",
	"recording.rules.yml": "observability/prometheus/rules/recording.yml",
	"alertmanager.yml": "observability/alertmanager/alertmanager.yml",
	"dashboards.yml": "observability/grafana/provisioning/dashboards/shop.yml",
	"datasources.yml": "observability/grafana/provisioning/datasources/prometheus.yml"
};

const folder = "k8s/components/observability/files";

/** Files of the component, which kustomize reads from its own folder only. @param dashboard the text of the dashboard */
export const clusterMonitoring = (
	dashboard: () => string
): Readonly<Record<string, () => string>> => ({
	[`${folder}/prometheus.yml`]: () => note + jobs(),
	...Object.fromEntries(
		Object.entries(copies).map(([name, from]) => [`${folder}/${name}`, () => note + read(from)])
	),
	[`${folder}/overview.json`]: dashboard
});
