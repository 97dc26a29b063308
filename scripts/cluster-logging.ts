import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isSeq, parse, parseDocument, type Document, type YAMLSeq } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const noteOf = (source: string) => `# Made of ${source} by npm run generate: change it there.\n`;

interface Kustomization {
	namespace?: string;
	resources?: string[];
}

/** Namespaces of the overlays that have a shop. */
export const shopNamespaces = (): string[] =>
	globSync("k8s/overlays/*/kustomization.yaml", { cwd: root })
		.map(file => parse(read(file)) as Kustomization)
		.filter(({ resources = [] }) => resources.includes("../../base"))
		.map(({ namespace }) => namespace!)
		.toSorted();

type Operator = Record<string, unknown>;

/** What replaces the operators that read the format of Docker. */
const head: Operator[] = [
	{ type: "container", max_log_size: "1MiB" },
	// Before a line that is JSON gives its own time.
	{
		type: "add",
		field: 'attributes["time"]',
		value: 'EXPR(timestamp.UTC().Format("2006-01-02T15:04:05.000000000Z"))'
	}
];

const places = [
	["k8s.container.name", "container.name"],
	["k8s.namespace.name", "kubernetes.namespace"],
	["k8s.pod.name", "kubernetes.pod.name"]
].map(([from, to]): Operator => ({
	type: "move",
	from: `resource["${from}"]`,
	to: `attributes.entry["${to}"]`
}));

const isMember = (one: unknown, key: string, start: string) =>
	isMap(one) && String(one.get(key) ?? "").startsWith(start);

/** All from the one that parses a line as JSON on stay, but for where a line comes from. */
function replaceOperators(document: Document, operators: YAMLSeq): void {
	const line = operators.items.findIndex(one => isMember(one, "if", "body startsWith"));
	const tag = operators.items.findIndex(one => isMember(one, "from", "attributes.attrs.tag"));
	if (line < 0 || tag < line) throw new Error("collector.yaml has other operators than expected");
	const nodes = (list: Operator[]) => list.map(one => document.createNode(one));
	operators.items.splice(tag, 1, ...nodes(places));
	operators.items.splice(0, line, ...nodes(head));
}

const source = "observability/logging/collector.yaml";

/**
 * The collector on each machine of a cluster: it reads the files of the container runtime, of the shop's namespaces only, and
 * signs in at Elasticsearch. A path names namespace, pod and container, so it needs no right on the Kubernetes API.
 */
function collector(): string {
	// Its first comment is about Docker.
	const document = parseDocument(read(source).replace(/^(#.*\n)+/, ""));
	const operators = document.getIn(["receivers", "file_log", "operators"]);
	if (!isSeq(operators)) throw new Error(`${source} has no operators`);
	replaceOperators(document, operators);
	const set = (path: string, value: unknown) =>
		document.setIn(path.split("."), document.createNode(value));
	set("extensions.health_check", { endpoint: "0.0.0.0:13133" });
	set("service.extensions", ["file_storage", "health_check"]);
	set(
		"receivers.file_log.include",
		shopNamespaces().map(name => `\${env:CONTAINER_LOGS}/${name}_*/*/*.log`)
	);
	set("receivers.file_log.include_file_path", true);
	set("exporters.elasticsearch.user", "shop_collector");
	set("exporters.elasticsearch.password", "${env:ELASTICSEARCH_PASSWORD}");
	set("exporters.elasticsearch.tls", { ca_file: "/etc/otelcol/certificates/ca.crt" });
	return document.toString({ lineWidth: 0 });
}

const folder = "k8s/components/efk";

/** Files of the component, which kustomize reads from its own folder only. @param template the text of the index template */
export const clusterLogging = (template: () => string): Readonly<Record<string, () => string>> => ({
	[`${folder}/files/collector.yaml`]: () => noteOf(source) + collector(),
	[`${folder}/files/index-template.json`]: template,
	...Object.fromEntries(
		["components/network-policies/every-pod.yaml", "base/secret-defaults.yaml"].map(from => [
			`${folder}/${from.split("/").at(-1)}`,
			() => noteOf(`k8s/${from}`) + read(`k8s/${from}`)
		])
	)
});
