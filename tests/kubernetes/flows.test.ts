import { serviceNames } from "../../config/index.ts";
import { nodeNames, usersOfLog } from "../../config/node-servers.ts";
import { describeWith } from "../support/describe-with.ts";
import { ofKind, overlays, render, type ClusterObject } from "./cluster-objects.ts";
import { flows } from "./flows.rules.ts";
import { buildWithinMs } from "./kustomize-program.ts";
import { settingsOf } from "./pods.rules.ts";

const internet =
	"0.0.0.0/0 except 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16";

interface Places {
	/** Where what is not in the cluster is. */
	postgres: string;
	kafka: string;
	pods: string[];
	more: string[];
}

const onAws: Places = {
	postgres: "10.0.64.0/20:5432",
	kafka: "10.0.32.0/19:9096",
	pods: [],
	// Before the gateway is the load balancer; the credentials for sending mails come from the machine.
	more: ["10.0.0.0/20 → gateway:8080", "notification → 169.254.170.23/32:80"]
};

/** Of the component observability. */
const monitoring = {
	pods: ["prometheus", "alertmanager", "grafana"],
	flows: [
		...nodeNames.map(name => `prometheus → ${name}:9100`),
		"prometheus → prometheus:9090",
		"prometheus → alertmanager:9093",
		"prometheus → grafana:3000",
		"grafana → prometheus:9090"
	]
};

/** Of the component tracing. */
const tracing = {
	pods: ["otel-collector", "jaeger"],
	flows: [
		...nodeNames.map(name => `${name} → otel-collector:4318`),
		"otel-collector → jaeger:4318",
		"grafana → jaeger:16686"
	]
};

const places: Record<(typeof overlays)[number], Places> = {
	"overlays/dev": {
		postgres: "postgres:5432",
		kafka: "kafka:9092",
		pods: ["postgres", "kafka", ...monitoring.pods, ...tracing.pods],
		more: [...monitoring.flows, ...tracing.flows]
	},
	"overlays/staging": onAws,
	"overlays/production": onAws
};

/** The arrows of docs/architecture.md, from what the code says of its services. */
function expectedFlows({ postgres, kafka, pods, more }: Places): string[] {
	return [
		...[...nodeNames, "migrate", "nats", ...pods].flatMap(name => [
			`${name} → kube-system/k8s-app=kube-dns:53`,
			`${name} → kube-system/k8s-app=kube-dns:UDP 53`
		]),
		...nodeNames.flatMap(name => [`${name} → nats:4222`, `monitoring → ${name}:9100`]),
		...[...serviceNames, "migrate"].map(name => `${name} → ${postgres}`),
		...[...usersOfLog].map(name => `${name} → ${kafka}`),
		...["payment", "notification", "webhook"].map(name => `${name} → ${internet}:443`),
		"nats → nats:6222",
		...more
	].toSorted();
}

describeWith("kustomize")("the network policies", () => {
	const rendered = new Map<string, ClusterObject[]>();
	const of = (overlay: string) => structuredClone(rendered.get(overlay)!);
	beforeAll(() => {
		for (const overlay of overlays) rendered.set(overlay, render(overlay));
	}, buildWithinMs);

	it.each(overlays)("of %s allow the arrows of the architecture, and nothing else", overlay => {
		expect(flows(of(overlay))).toEqual(expectedFlows(places[overlay]));
	});

	it.each(["overlays/staging", "overlays/production"] as const)(
		"of %s agree with the settings",
		overlay => {
			const { KAFKA_BROKERS = "", TRUSTED_PROXIES } = settingsOf(of(overlay));
			const ports = new Set(KAFKA_BROKERS.split(",").map(broker => broker.split(":")[1]));
			expect([...ports]).toEqual([places[overlay].kafka.split(":")[1]]);
			expect(places[overlay].more).toContain(`${TRUSTED_PROXIES} → gateway:8080`);
		}
	);

	const policy = (objects: ClusterObject[], name: string) =>
		ofKind(objects, "NetworkPolicy").find(({ metadata }) => metadata.name === name)!;
	const remove = (objects: ClusterObject[], name: string) =>
		void objects.splice(objects.indexOf(policy(objects, name)), 1);

	it.each<[string, (objects: ClusterObject[]) => void, string]>([
		["no default", all => remove(all, "default-deny"), "anything → migrate:any"],
		[
			"another port",
			all => policy(all, "node-to-nats").spec.egress[0].ports.push({ protocol: "TCP", port: 8222 }),
			"order → nats:8222 (refused by nats)"
		],
		[
			"a rule without ports",
			all => delete policy(all, "to-postgres").spec.egress[0].ports,
			"order → postgres:any (refused by postgres)"
		],
		[
			"a rule without peers",
			all => delete policy(all, "nats").spec.ingress[0].from,
			"anything → nats:4222"
		],
		[
			"every pod",
			all => (policy(all, "kafka").spec.ingress[0].from = [{ podSelector: {} }]),
			"user → kafka:9092 (refused by user)"
		],
		[
			"every namespace",
			all => (policy(all, "monitoring-to-node").spec.ingress[0].from[0].namespaceSelector = {}),
			"every namespace → order:9100"
		],
		[
			"a flow between services",
			all => {
				policy(all, "node-to-nats").spec.egress[0].to.push({ podSelector: {} });
				policy(all, "monitoring-to-node").spec.ingress[0].from.push({ podSelector: {} });
				policy(all, "node-to-nats").spec.egress[0].ports.push({ protocol: "TCP", port: 9100 });
			},
			"order → payment:9100"
		],
		[
			"spans of other pods",
			all => (policy(all, "otel-collector").spec.ingress[0].from = [{ podSelector: {} }]),
			"prometheus → otel-collector:4318 (refused by prometheus)"
		],
		[
			"the addresses of the cluster",
			all => delete policy(all, "to-internet").spec.egress[0].to[0].ipBlock.except,
			"webhook → 0.0.0.0/0:443"
		]
	])("would be refused with %s", (_, plant, flow) => {
		const objects = of("overlays/dev");
		plant(objects);
		expect(flows(objects)).toContain(flow);
		expect(flows(objects)).not.toEqual(expectedFlows(places["overlays/dev"]));
	});

	it("would be refused without one of them, whichever it is", () => {
		for (const { metadata } of ofKind(of("overlays/dev"), "NetworkPolicy")) {
			const objects = of("overlays/dev");
			remove(objects, metadata.name);
			expect(flows(objects)).not.toEqual(expectedFlows(places["overlays/dev"]));
		}
	});
});
