import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { logFields } from "../../../lib/log/fields.ts";
import manifest from "../../../package.json" with { type: "json" };
import { shopNamespaces } from "../../../scripts/cluster-logging.ts";
import { placeFields } from "../../../scripts/log-fields.ts";
import { readCompose } from "../../deployment/compose-file.ts";
import { describeWith } from "../../support/describe-with.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { serviceAddressFaults } from "../agreement/addresses.rules.ts";
import { boundFaults } from "../agreement/bounds.rules.ts";
import { targetFaults } from "../agreement/targets.rules.ts";
import {
	containersOf,
	idOf,
	ofKind,
	overlays,
	render,
	root,
	workloadsOf,
	type ClusterObject
} from "../cluster-objects.ts";
import { report, type Fault } from "../fault-lines.ts";
import { flows } from "../flows.rules.ts";
import { buildWithinMs } from "../kustomize-program.ts";
import { schemaFaults } from "../object-schemas.ts";
import { podFaults } from "../pods.rules.ts";
import { referenceFaults } from "../references.rules.ts";
import { replicaFaults } from "../replicas.rules.ts";
import { rightsFaults } from "../rights.rules.ts";
import { logStoreFaults } from "./log-store.rules.ts";

/** The component efk, as the overlay logging and its application have it. */

const pods = ["elasticsearch", "kibana", "log-collector", "log-template"];

const ruleFaults = (objects: readonly ClusterObject[]): Fault[] => [
	...referenceFaults(objects),
	...podFaults(objects),
	...rightsFaults(objects),
	...replicaFaults(objects),
	...boundFaults(objects),
	...targetFaults(objects),
	...serviceAddressFaults(objects),
	...logStoreFaults(objects, shopNamespaces())
];

/** It reads files of its machine, which only root may read: nothing else has any of these rights. */
const neededRights = [
	"k8s/components/efk/log-collector.yaml:12: DaemonSet/log-collector: may run as root",
	"k8s/components/efk/log-collector.yaml:{root}: DaemonSet/log-collector: runs as root (runAsUser 0)",
	"k8s/components/efk/log-collector.yaml:12: DaemonSet/log-collector: mounts pods of its machine",
	"k8s/components/efk/log-collector.yaml:12: DaemonSet/log-collector: mounts positions of its machine",
	"k8s/components/efk/namespace.yaml:8: Namespace/logging: enforces the level privileged, not restricted"
];

const flowsOf = [
	...pods.flatMap(name => [
		`${name} → kube-system/k8s-app=kube-dns:53`,
		`${name} → kube-system/k8s-app=kube-dns:UDP 53`
	]),
	...pods.slice(1).map(name => `${name} → elasticsearch:9200`)
].toSorted();

/** Each in a file of one tree, which is rendered once. */
const planted: [file: string, from: string, to: string, expected: string][] = [
	[
		"elasticsearch.yaml",
		"elasticsearch-users useradd shop_kibana",
		"elasticsearch-users useradd shop_kibanas",
		"Deployment/kibana: signs in as shop_kibana, which is no user of Elasticsearch"
	],
	[
		"elasticsearch.yaml",
		'"$TEMPLATE_PASSWORD" -r shop_template',
		'"$TEMPLATE_PASSWORD" -r shop_templates',
		"k8s/components/efk/elasticsearch.yaml:{line}: StatefulSet/elasticsearch: shop_template has the role shop_templates, which is not there"
	],
	[
		"elasticsearch.yaml",
		"-shop-logs,+*",
		"+*",
		"k8s/components/efk/elasticsearch.yaml:{line}: StatefulSet/elasticsearch: makes the index shop-logs without its template (+*)"
	],
	[
		"elasticsearch.yaml",
		"-Xmx1g",
		"-Xmx2g",
		"k8s/components/efk/elasticsearch.yaml:{line}: StatefulSet/elasticsearch: its heap of 2 GiB is more than half of 2 GiB"
	],
	[
		"elasticsearch.yaml",
		"value: certificates/tls.key",
		"value: certificates/key.pem",
		"k8s/components/efk/elasticsearch.yaml:{line}: StatefulSet/elasticsearch: there is no file key.pem in /usr/share/elasticsearch/config/certificates"
	],
	[
		"elasticsearch.yaml",
		"port: readiness\n            periodSeconds: 5\n            failureThreshold",
		"port: ready\n            periodSeconds: 5\n            failureThreshold",
		"k8s/components/efk/elasticsearch.yaml:{line}: StatefulSet/elasticsearch: a probe asks the port ready, which it does not have"
	],
	[
		"secrets.yaml",
		"        key: elasticsearch\n        property: collector\n---",
		"        key: elasticsearch\n        property: elastic\n---",
		"DaemonSet/log-collector: has not the password of shop_collector"
	],
	[
		"roles.yml",
		"names: [shop-logs]",
		'names: ["*"]',
		"k8s/components/efk/roles.yml:{line}: StatefulSet/elasticsearch: lets the collector write to *, and not to shop-logs alone"
	],
	[
		"kibana.yml",
		"https://elasticsearch:9200",
		"http://elasticsearch:9200",
		"k8s/components/efk/kibana.yml:{line}: Deployment/kibana: connects to elasticsearch:9200 without TLS"
	],
	[
		"kibana.yaml",
		"docker.elastic.co/kibana/kibana:9.2.0",
		"docker.elastic.co/kibana/kibana:latest",
		"k8s/components/efk/kibana.yaml:{line}: Deployment/kibana: the image docker.elastic.co/kibana/kibana:latest is not pinned"
	],
	[
		"kibana.yaml",
		"runAsUser: 1000",
		"runAsUser: 0",
		"k8s/components/efk/kibana.yaml:{line}: Deployment/kibana: runs as root (runAsUser 0)"
	],
	[
		"log-template.yaml",
		"https://elasticsearch:9200/",
		"https://elastic:9200/",
		"Job/log-template: there is no Service at elastic:9200"
	],
	[
		"log-template.yaml",
		"template/index-template.json",
		"template/template.json",
		"k8s/components/efk/log-template.yaml:{line}: Job/log-template: there is no file template.json in /etc/log-template/template"
	],
	[
		"log-template.yaml",
		"                  name: log-template\n                  key",
		"                  name: template\n                  key",
		"Job/log-template: there is no Secret template"
	],
	[
		"files/collector.yaml",
		"/moleculer-commerce-staging_*",
		"/*",
		"k8s/components/efk/files/collector.yaml:{line}: DaemonSet/log-collector: reads ${env:CONTAINER_LOGS}/*/*/*.log, which is no log of a shop"
	],
	[
		"files/collector.yaml",
		"0.0.0.0:13133",
		"0.0.0.0:13134",
		"k8s/components/efk/files/collector.yaml:{line}: DaemonSet/log-collector: answers probes at 13134, which is none of its ports"
	],
	[
		"log-collector.yaml",
		"              mountPath: /var/log/pods\n              readOnly: true",
		"              mountPath: /var/log/pods",
		"DaemonSet/log-collector: may write to pods,positions of its machine, and keeps its positions in /var/lib/otelcol"
	],
	[
		"log-collector.yaml",
		"drop: [ALL]",
		"drop: [ALL]\n              add: [DAC_READ_SEARCH]",
		"DaemonSet/log-collector: log-collector has capabilities"
	],
	[
		"network-policies.yaml",
		"values: [log-collector, log-template, kibana]",
		"values: [log-collector, log-templates, kibana]",
		"k8s/components/efk/network-policies.yaml:{line}: NetworkPolicy/to-elasticsearch: no pods are called log-templates"
	]
];

describeWith("kustomize")("the store of the log on Kubernetes", () => {
	let objects: ClusterObject[];
	let application: ClusterObject;
	let project: ClusterObject;
	beforeAll(() => {
		objects = render("overlays/logging");
		[project, application] = ["AppProject", "Application"].map(
			kind => ofKind(render("argocd/logging"), kind)[0]!
		) as [ClusterObject, ClusterObject];
	}, buildWithinMs);

	const lineOf = (file: string, text: string) =>
		String(
			readFileSync(join(root, file), "utf8")
				.split("\n")
				.findIndex(line => line.includes(text)) + 1
		);

	it("breaks no rule, but for what the collector needs", () => {
		const needed = neededRights.map(line =>
			line.replace("{root}", lineOf("components/efk/log-collector.yaml", "runAsUser: 0"))
		);
		expect(report(ruleFaults(objects)).toSorted()).toEqual(needed.toSorted());
	});

	it("has the fields and types of its schemas", () => {
		expect(report(schemaFaults([...objects, project, application]))).toEqual([]);
	}, 120_000);

	it("has the images of docker-compose.yml", () => {
		const { services } = readCompose();
		const all = workloadsOf(objects);
		expect(all.map(({ metadata }) => metadata.name).toSorted()).toEqual(pods);
		for (const one of all)
			for (const { image } of containersOf(one))
				expect([one.metadata.name, image]).toEqual([
					one.metadata.name,
					services[one.metadata.name]!.image
				]);
	});

	it("keeps the fields of a line, and where it comes from, as long as with docker-compose.yml", () => {
		const text = readFileSync(join(root, "components/efk/files/index-template.json"), "utf8");
		expect(text).toBe(
			readFileSync(join(root, "../observability/logging/index-template.json"), "utf8")
		);
		const { template } = JSON.parse(text) as {
			template: { lifecycle: object; mappings: { properties: object } };
		};
		expect(template.lifecycle).toEqual({ data_retention: "14d" });
		const names = [...Object.keys(logFields), ...placeFields];
		expect(Object.keys(template.mappings.properties)).toEqual(names);
		const operators = readFileSync(join(root, "components/efk/files/collector.yaml"), "utf8");
		for (const name of placeFields) expect(operators).toContain(`attributes.entry["${name}"]`);
	});

	it("reads the namespaces of all overlays that have a shop", () => {
		const names = overlays.map(overlay => {
			const file = readFileSync(join(root, overlay, "kustomization.yaml"), "utf8");
			return (parse(file) as { namespace: string }).namespace;
		});
		expect(shopNamespaces()).toEqual(names.toSorted());
	});

	describe("allows the connections", () => {
		it("of its pods to Elasticsearch and to DNS, and no others", () => {
			expect(flows(objects)).toEqual(flowsOf);
		});

		it("which would be others without one of the policies, whichever it is", () => {
			const policies = ofKind(objects, "NetworkPolicy");
			expect(policies.length).toBeGreaterThan(3);
			for (const policy of policies)
				expect(flows(objects.filter(one => one !== policy))).not.toEqual(flowsOf);
		});
	});

	it("is refused as a part of a shop's overlay, whose policies have the same names", () => {
		const folder = temporaryFolder();
		cpSync(root, folder, { recursive: true });
		const file = join(folder, "overlays/production/kustomization.yaml");
		const before = "  - ../../components/network-policies\n";
		const more = `${before}  - ../../components/efk\n`;
		writeFileSync(file, readFileSync(file, "utf8").replace(before, more));
		expect(() => render("overlays/production", folder)).toThrow("already registered id");
	});

	it("has its secrets in DEPLOYMENT.md", () => {
		const page = readFileSync(join(root, "../DEPLOYMENT.md"), "utf8");
		const rows = page.slice(page.indexOf("### Logs")).split("\n");
		const refs = ofKind(objects, "ExternalSecret").flatMap(({ spec }) =>
			(spec.data as { remoteRef: { key: string; property: string } }[]).map(one => one.remoteRef)
		);
		const unnamed = refs.filter(
			({ key, property }) =>
				!rows.some(row => row.startsWith(`| \`${key}\``) && row.includes(`\`${property}\``))
		);
		expect([refs.length > 0, unnamed]).toEqual([true, []]);
		for (const ref of refs)
			expect(ref).toMatchObject({ conversionStrategy: "Default", decodingStrategy: "None" });
	});

	describe("as an application of Argo CD", () => {
		const waveOf = ({ metadata }: ClusterObject) =>
			Number(metadata.annotations?.["argocd.argoproj.io/sync-wave"] ?? 0);

		it("has a project of its own, with its kinds only, at the version of the source", () => {
			const { destinations, sourceRepos, ...lists } = project.spec as {
				destinations: { namespace: string }[];
				sourceRepos: string[];
				[list: `${string}Whitelist`]: { group: string; kind: string }[];
			};
			const { source, destination } = application.spec;
			const [namespace] = ofKind(objects, "Namespace");
			expect([destinations.map(one => one.namespace), destination.namespace]).toEqual([
				[namespace!.metadata.name],
				namespace!.metadata.name
			]);
			expect(application.spec.project).toBe(project.metadata.name);
			expect(sourceRepos).toEqual([source.repoURL]);
			expect([source.path, source.targetRevision]).toEqual([
				"k8s/overlays/logging",
				`v${manifest.version}`
			]);
			const kinds = [...lists.clusterResourceWhitelist!, ...lists.namespaceResourceWhitelist!];
			const used = objects.map(({ apiVersion, kind }) =>
				[apiVersion.includes("/") ? apiVersion.split("/")[0] : "", kind].join("/")
			);
			expect(kinds.map(({ group, kind }) => `${group}/${kind}`).toSorted()).toEqual(
				[...new Set(used)].toSorted()
			);
		});

		it("is none of the shop's, which would make it in each cluster", () => {
			for (const environment of ["staging", "production"])
				expect(JSON.stringify(render(`argocd/${environment}`))).not.toContain("logging");
		});

		it("makes Elasticsearch before its template, and both before what writes and reads", () => {
			const waves = new Map(objects.map(one => [idOf(one), waveOf(one)]));
			const [store, template, ...others] = [
				"StatefulSet/elasticsearch",
				"Job/log-template",
				"DaemonSet/log-collector",
				"Deployment/kibana"
			].map(id => waves.get(id)!) as [number, number, number, number];
			expect(template).toBeGreaterThan(store);
			expect(Math.min(...others)).toBeGreaterThan(template);
			const needed = /^(ServiceAccount|ConfigMap|SecretStore|ExternalSecret|NetworkPolicy)$/;
			const late = objects.filter(one => needed.test(one.kind) && waveOf(one) >= store);
			expect(late.map(idOf)).toEqual([]);
			expect(waves.get("Namespace/logging")).toBe(Math.min(...waves.values()));
		});
	});

	it("would be refused with faults, by their file and line", () => {
		const folder = temporaryFolder();
		cpSync(root, folder, { recursive: true });
		const expected = planted.map(([name, from, to, text]) => {
			const file = join(folder, "components/efk", name);
			const lines = readFileSync(file, "utf8").split("\n");
			const changed = lines.join("\n").replace(from, () => to);
			writeFileSync(file, changed);
			const first = changed.split("\n").findIndex((line, index) => line !== lines[index]);
			expect([name, from, first]).not.toEqual([name, from, -1]);
			return text.replace("{line}", String(first + 1));
		});
		const found = report(ruleFaults(render("overlays/logging", folder)), folder);

		expect(expected.filter(line => !found.some(one => one.includes(line)))).toEqual([]);
	});

	it("has all its files in its kustomization", () => {
		const files = globSync("**/*", { cwd: join(root, "components/efk") });
		const text = readFileSync(join(root, "components/efk/kustomization.yaml"), "utf8");
		const unused = files.filter(name => /\.\w+$/.test(name) && !text.includes(name));
		expect(unused).toEqual(["kustomization.yaml"]);
	});
});
