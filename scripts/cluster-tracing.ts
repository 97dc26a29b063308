import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

const copies: Readonly<Record<string, string>> = {
	"collector.yaml": "observability/tracing/collector.yaml",
	"jaeger.yaml": "observability/tracing/jaeger.yaml",
	"jaeger-datasource.yml": "observability/grafana/provisioning/datasources/jaeger.yml"
};

/** Files of the component tracing, which kustomize reads from its own folder only. */
export const clusterTracing: Readonly<Record<string, () => string>> = Object.fromEntries(
	Object.entries(copies).map(([name, from]) => [
		`k8s/components/tracing/files/${name}`,
		() =>
			`# Made of ${from} by npm run generate: change it there.\n` +
			readFileSync(join(root, from), "utf8")
	])
);
