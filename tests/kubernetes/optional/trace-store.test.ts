import { describeWith } from "../../support/describe-with.ts";
import {
	nodesOf,
	ofKind,
	render,
	workloadsOf,
	type ClusterObject,
	type Workload
} from "../cluster-objects.ts";
import { report } from "../fault-lines.ts";
import { buildWithinMs } from "../kustomize-program.ts";
import { manifestFaults } from "../manifests.rules.ts";
import { environmentOf } from "../node-environment.ts";
import { settingsOf } from "../pods.rules.ts";
import { traceStoreFaults } from "./trace-store.rules.ts";

type Objects = ClusterObject[];

const podsOf = (objects: Objects, name: string): Workload =>
	workloadsOf(objects).find(({ metadata }) => metadata.name === name)!;
const containerOf = (objects: Objects, name: string) =>
	podsOf(objects, name).spec.template.spec.containers[0]!;
const configOf = (objects: Objects, name: string) =>
	ofKind(objects, "ConfigMap").find(({ metadata }) => metadata.name.startsWith(`${name}-`))!.data!;

function replace(data: Record<string, string>, key: string, from: string, to: string): void {
	const text = data[key]!;
	data[key] = text.replace(from, to);
	if (data[key] === text) throw new Error(`${key} has no ${from}`);
}

describeWith("kustomize")("the component tracing", () => {
	let rendered: Objects;
	const objects = () => structuredClone(rendered);
	beforeAll(() => {
		rendered = render("overlays/dev");
	}, buildWithinMs);

	it("breaks no rule", () => {
		expect(traceStoreFaults(objects())).toEqual([]);
	});

	it("has all nodes send all their spans", () => {
		const settings = nodesOf(rendered).map(({ spec }) =>
			environmentOf(rendered, spec.template.spec.containers[0]!)
		);
		expect(settings.length).toBeGreaterThan(7);
		for (const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG } of settings)
			expect([OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG]).toEqual([
				"http://otel-collector:4318",
				"1"
			]);
	});

	it.each(["overlays/staging", "overlays/production"])("is not in %s", overlay => {
		const all = render(overlay);
		expect(settingsOf(all)).not.toHaveProperty("OTEL_EXPORTER_OTLP_ENDPOINT");
		expect(podsOf(all, "otel-collector")).toBeUndefined();
	});

	it.each<[fault: string, plant: (all: Objects) => unknown, expected: string]>([
		[
			"another address for nodes",
			all => (settingsOf(all).OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector:4318"),
			"nodes send spans to http://collector:4318, and not to http://otel-collector:4318"
		],
		[
			"another port of the collector",
			all =>
				replace(configOf(all, "otel-collector"), "collector.yaml", "0.0.0.0:4318", "0.0.0.0:4319"),
			"otel-collector: its port otlp is 4318, and not 4319"
		],
		[
			"another port of the probes",
			all => replace(configOf(all, "jaeger"), "jaeger.yaml", "0.0.0.0:13133", "0.0.0.0:13134"),
			"jaeger: its port health is 13133, and not 13134"
		],
		[
			"another port of a Service",
			all =>
				(ofKind(all, "Service").find(
					({ metadata }) => metadata.name === "jaeger"
				)!.spec.ports[1].port = 80),
			"jaeger: its Service has the port http as 80, and not as 16686"
		],
		[
			"less memory than it limits itself to",
			all => (containerOf(all, "otel-collector").resources!.limits = { memory: "384Mi" }),
			"memory_limiter leaves no room in 384 MiB"
		],
		[
			"a misspelt variable",
			all => (containerOf(all, "otel-collector").env![0]!.name = "TRACES_KEPT"),
			"otel-collector is given TRACES_KEPT, which it does not read"
		],
		[
			"two collectors",
			all => (podsOf(all, "otel-collector").spec.replicas = 2),
			"otel-collector: there may be two of it"
		],
		[
			"a second Jaeger while one is replaced",
			all => Object.assign(podsOf(all, "jaeger").spec, { strategy: { type: "RollingUpdate" } }),
			"jaeger: there may be two of it"
		]
	])("would be refused with %s", (_, plant, expected) => {
		const all = objects();
		plant(all);
		expect(traceStoreFaults(all)).toContain(expected);
	});

	it.each<[fault: string, plant: (all: Objects) => unknown, expected: string]>([
		[
			"a configuration that is not mounted",
			all => (containerOf(all, "jaeger").volumeMounts = []),
			"jaeger: there is no file /etc/jaeger/jaeger.yaml"
		],
		[
			"a Grafana that is not given the datasource",
			all => podsOf(all, "grafana").spec.template.spec.volumes![0]!.configMap!.items!.pop(),
			"grafana: there is no file /etc/grafana/provisioning/datasources/jaeger.yml"
		]
	])("would be refused with %s", (_, plant, expected) => {
		const all = objects();
		plant(all);
		expect(() => traceStoreFaults(all)).toThrow(expected);
	});

	it("would be refused with a file that its ConfigMap has not", () => {
		const all = objects();
		delete configOf(all, "grafana-provisioning")["jaeger-datasource.yml"];
		expect(report(manifestFaults(all)).join()).toMatch(
			/StatefulSet\/grafana: the ConfigMap grafana-provisioning-\w+ has no member jaeger-datasource.yml/
		);
	});
});
