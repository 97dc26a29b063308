import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertNodeServers, nodeNames } from "../../config/node-servers.ts";
import { serviceNames, toConfig } from "../../config/index.ts";
import { readEnvironment } from "../../config/read-environment.ts";
import { connectionsOf } from "../../launch/shop/connection-plan.ts";
import { readCompose } from "../deployment/compose-file.ts";
import { describeWith } from "../support/describe-with.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import {
	containersOf,
	nodesOf,
	ofKind,
	overlays,
	render,
	root,
	workloadsOf,
	type ClusterObject
} from "./cluster-objects.ts";
import { report } from "./fault-lines.ts";
import { buildWithinMs } from "./kustomize-program.ts";
import { environmentOf } from "./node-environment.ts";
import { schemaFaults } from "./object-schemas.ts";
import { podFaults, settingsOf } from "./pods.rules.ts";
import { referenceFaults } from "./references.rules.ts";

const faultsOf = (objects: readonly ClusterObject[]) => [
	...referenceFaults(objects),
	...podFaults(objects)
];

const find = <O extends ClusterObject>(objects: readonly O[], id: string): O => {
	const found = objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === id);
	if (!found) throw new Error(`there is no ${id}`);
	return found;
};

const podOf = (objects: readonly ClusterObject[], name: string) =>
	find(workloadsOf(objects), `Deployment/${name}`).spec.template.spec;

describeWith("kustomize")("the manifests of Kubernetes", () => {
	const rendered = new Map<string, ClusterObject[]>();
	const of = (overlay: string) => structuredClone(rendered.get(overlay)!);
	beforeAll(() => {
		for (const overlay of overlays) rendered.set(overlay, render(overlay));
	}, buildWithinMs);

	it.each(overlays)("of %s break no rule", overlay => {
		expect(report(faultsOf(of(overlay)))).toEqual([]);
	});

	it("of dev have the servers of docker-compose.yml, in its versions", () => {
		const { services } = readCompose();
		for (const name of ["nats", "postgres", "kafka"]) {
			const [container] = containersOf(
				find(workloadsOf(of("overlays/dev")), `StatefulSet/${name}`)
			);
			expect(container!.image).toBe(services[name]!.image);
		}
	});

	it("hold no value in base64: kubectl folds a long one, which no schema of bytes accepts", () => {
		const secrets = ofKind([...rendered.values()].flat(), "Secret");
		expect(secrets.length).toBeGreaterThan(nodeNames.length);
		expect(secrets.filter(({ data }) => data)).toEqual([]);
	});

	it("have the fields and types of their schemas, and others are reported", () => {
		const all = [...rendered.values(), render("base")].flat();
		const objects = [...new Set(all.map(one => JSON.stringify(one)))];
		const order = JSON.stringify(find(all, "Deployment/order"));
		const planted = [
			order.replace('"restartPolicy"', '"x"').replace('"volumes"', '"volumess"'),
			order.replace('"selector":{', '"select":{'),
			order.replace('"periodSeconds":2', '"periodSeconds":"2"'),
			order.replace('"kind":"Deployment"', '"kind":"Deployed"')
		];
		expect(new Set(planted).size).toBe(4);
		const parsed = [...objects, ...planted].map(text => JSON.parse(text) as ClusterObject);
		const found = schemaFaults(parsed).map(
			({ object, word, text }) => `${object} ${word}: ${text}`
		);
		expect(found.toSorted()).toEqual([
			"Deployed/order Deployed: there is no schema of apps/v1 Deployed",
			expect.stringMatching(
				/^Deployment\/order periodSeconds: Type 'string' is not assignable to type 'number'/
			),
			expect.stringMatching(/^Deployment\/order select: .*'"select"' does not exist/),
			expect.stringMatching(/^Deployment\/order volumess: .*'"volumess"' does not exist/)
		]);
	}, 60_000);

	describe.each(overlays)("of %s", overlay => {
		it.each(["gateway", ...serviceNames])("give %s settings that it takes", name => {
			const objects = of(overlay);
			const [container] = find(nodesOf(objects), `Deployment/${name}`).spec.template.spec
				.containers;
			const settings = environmentOf(objects, container!);
			assertNodeServers(toConfig(readEnvironment(settings)));
			// Only its own: a node that is taken over must not give away more.
			const databases = Object.keys(settings).filter(key => key.endsWith("DATABASE_URL"));
			expect(databases).toEqual(name === "gateway" ? [] : [`${name.toUpperCase()}_DATABASE_URL`]);
		});

		it("give the migration settings that it takes", () => {
			const objects = of(overlay);
			const [container] = containersOf(find(workloadsOf(objects), "Job/migrate"));
			const env = readEnvironment(environmentOf(objects, container!), { runsServices: false });
			expect(env.DATABASE_URL).toMatch(/^postgres:/);
		});
	});

	describe("are described in DEPLOYMENT.md:", () => {
		const page = readFileSync(join(root, "../DEPLOYMENT.md"), "utf8");

		it.each(overlays)("the connections of %s", overlay => {
			const objects = of(overlay);
			const settings = { ...environmentOf(objects, podOf(objects, "order").containers[0]!) };
			const config = toConfig(readEnvironment(settings));
			const scalers = ofKind(objects, "HorizontalPodAutoscaler");
			const count = (bound: "minReplicas" | "maxReplicas") =>
				nodesOf(objects).flatMap(({ metadata: { name }, spec }) => {
					const scaler = scalers.find(one => one.spec.scaleTargetRef.name === name);
					return Array<string>(scaler?.spec[bound] ?? spec.replicas ?? 1).fill(name);
				});
			const most = count("maxReplicas");
			const replaced = [...most, ...new Set(most)];
			const [least, all, twice] = [count("minReplicas"), most, replaced].map(names =>
				connectionsOf(names, config)
			);
			const row = new RegExp(
				`\\| ${overlay.split("/")[1]} +\\| (\\d+) +\\| (\\d+) +\\| (\\d+) `
			).exec(page);
			expect(row?.slice(1).map(Number)).toEqual([least, all, twice]);
		});

		it("what the store of secrets holds", () => {
			const section = page.slice(page.indexOf("## Secrets"), page.indexOf("## First start"));
			const refs = ofKind(of("overlays/production"), "ExternalSecret").flatMap(({ spec }) =>
				(spec.data as { remoteRef: { key: string; property: string } }[]).map(one => one.remoteRef)
			);
			const rows = section.split("\n").filter(line => line.startsWith("| `"));
			const unnamed = refs.filter(
				({ key, property }) =>
					!rows.some(row => {
						const [, keys, members] = row.split("|");
						return keys!.includes(`\`${key}\``) && members!.includes(`\`${property}\``);
					})
			);
			expect(unnamed).toEqual([]);
		});
	});

	/** Each in a file of its own tree, all of which are rendered together. */
	const planted: [fault: string, file: string, from: string, to: string, expected: string][] = [
		[
			"an unknown setting",
			"base/settings.env",
			"SHUTDOWN_DELAY_MS=5000",
			"SHUTDOWN_DELAY_M=5000",
			"k8s/base/settings.env:{line}: Deployment/order: SHUTDOWN_DELAY_M is no setting of the shop"
		],
		[
			"a variable that no setting is called like",
			"base/services/order.yaml",
			"            - name: SERVICES",
			'            - { name: SAGA_POL_MS, value: "1" }\n            - name: SERVICES',
			"k8s/base/services/order.yaml:{line}: Deployment/order: SAGA_POL_MS is no setting of the shop"
		],
		[
			"a secret that is not there",
			"base/services/order.yaml",
			"secretRef:\n                name: order",
			"secretRef:\n                name: orders",
			"k8s/base/services/order.yaml:{line}: Deployment/order: there is no Secret orders"
		],
		[
			"a port twice",
			"base/nats/server.yaml",
			"- name: cluster\n              containerPort: 6222",
			"- name: routes\n              containerPort: 4222",
			"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: the port 4222 (routes) is there twice"
		],
		[
			"an image without a tag",
			"base/nats/server.yaml",
			"nats:2.12.2-alpine",
			"nats",
			"k8s/base/nats/server.yaml:{line}: StatefulSet/nats: the image nats has no tag"
		],
		[
			"a target that is not there",
			"base/services/payment.yaml",
			"kind: Deployment\n    name: payment",
			"kind: Deployment\n    name: payments",
			"k8s/base/services/payment.yaml:{line}: HorizontalPodAutoscaler/payment: there is no Deployment payments to scale"
		]
	];

	it("would be refused with faults in files, whose lines are named", () => {
		const folder = temporaryFolder();
		cpSync(root, folder, { recursive: true });
		const expected = planted.map(([, file, from, to, text]) => {
			const lines = readFileSync(join(folder, file), "utf8").split("\n");
			const changed = lines.join("\n").replace(from, to);
			writeFileSync(join(folder, file), changed);
			const first = changed.split("\n").findIndex((line, index) => line !== lines[index]);
			expect([file, from, first]).not.toEqual([file, from, -1]);
			return text.replace("{line}", String(first + 1));
		});
		const found = report(faultsOf(render("overlays/production", folder)), folder);
		expect(expected.filter(line => !found.includes(line))).toEqual([]);
	});

	it.each<[fault: string, plant: (objects: ClusterObject[]) => void, expected: string]>([
		[
			"latest",
			all =>
				(podOf(all, "order").containers[0]!.image = "r.example:5000/moleculer-commerce:latest"),
			"Deployment/order: the image r.example:5000/moleculer-commerce:latest is not pinned"
		],
		[
			"a variable twice",
			all => podOf(all, "order").containers[0]!.env!.push({ name: "SERVICES", value: "order" }),
			"Deployment/order: SERVICES is set twice"
		],
		[
			"a node that runs another service",
			all => (podOf(all, "order").containers[0]!.env![0]!.value = "user"),
			"Deployment/order: runs user, and is called order"
		],
		[
			"a service that no node runs",
			all => all.splice(all.indexOf(find(all, "Deployment/webhook")), 1),
			"Deployment/webhook: no node runs this service"
		],
		[
			"a secret among the settings",
			all => (settingsOf(all).STRIPE_SECRET_KEY = "sk_x"),
			"STRIPE_SECRET_KEY is a secret, and belongs into a Secret"
		],
		[
			"a probe of a port that is not there",
			all => (podOf(all, "order").containers[0]!.livenessProbe!.httpGet!.port = "live"),
			"Deployment/order: a probe asks the port live, which it does not have"
		],
		[
			"another port than that of the settings",
			all => (settingsOf(all).HEALTH_PORT = "9001"),
			"Deployment/order: its port health is 9000, and 9001 in its settings"
		],
		[
			"a scrape of another port",
			all => (settingsOf(all).METRICS_PORT = "9101"),
			"Deployment/order: is scraped at 9100, and serves metrics at 9101"
		],
		[
			"a stop that takes longer than its pod has",
			all => (settingsOf(all).SHUTDOWN_DELAY_MS = "20000"),
			"Deployment/gateway: may take 45 s to stop, and is killed after 40 s"
		],
		[
			"root",
			all => delete podOf(all, "order").securityContext!.runAsNonRoot,
			"Deployment/order: may run as root"
		],
		[
			"a file system that can be written to",
			all => (podOf(all, "order").containers[0]!.securityContext!.readOnlyRootFilesystem = false),
			"Deployment/order: node may write to its file system"
		],
		[
			"a token of the Kubernetes API",
			all => delete podOf(all, "order").automountServiceAccountToken,
			"Deployment/order: gets a token of the Kubernetes API"
		],
		[
			"no limit of memory",
			all => delete podOf(all, "order").containers[0]!.resources!.limits,
			"Deployment/order: node has no limit of memory"
		],
		[
			"certificates that are not mounted",
			all => (podOf(all, "order").containers[0]!.volumeMounts = []),
			"Deployment/order: nothing is mounted at /etc/shop/certificates/ca.crt"
		],
		[
			"replicas beside an autoscaler",
			all => (find(workloadsOf(all), "Deployment/order").spec.replicas = 2),
			"Deployment/order: names replicas, which its autoscaler sets"
		],
		[
			"no disruption budget",
			all => all.splice(all.indexOf(find(all, "PodDisruptionBudget/order")), 1),
			"Deployment/order: has 3 replicas and no PodDisruptionBudget"
		],
		[
			"a service account that is gone",
			all => all.splice(all.indexOf(find(all, "ServiceAccount/order")), 1),
			"Deployment/order: there is no ServiceAccount order"
		],
		[
			"a claim that is gone",
			all =>
				podOf(all, "order").volumes!.push({
					name: "x",
					persistentVolumeClaim: { claimName: "data" }
				}),
			"Deployment/order: there is no PersistentVolumeClaim data"
		],
		[
			"selectors that overlap",
			all =>
				(find(workloadsOf(all), "Deployment/order").spec.selector = {
					matchLabels: { "app.kubernetes.io/component": "node" }
				}),
			"Deployment/order: its selector also selects the pods of Deployment/user"
		],
		[
			"a Service without pods",
			all => (find(all, "Service/gateway").spec.selector = { "app.kubernetes.io/name": "gate" }),
			"Service/gateway: its selector selects no pods"
		],
		[
			"a Service to a port that is not there",
			all => (find(all, "Service/gateway").spec.ports[0].targetPort = "https"),
			"Service/gateway: Deployment/gateway has no port https"
		],
		[
			"an Ingress to a Service that is not there",
			all => all.splice(all.indexOf(find(all, "Service/gateway")), 1),
			"Ingress/gateway: there is no Service gateway with a port http"
		],
		[
			"a budget that selects nothing",
			all => (find(all, "PodDisruptionBudget/order").spec.selector.matchLabels = { a: "b" }),
			"PodDisruptionBudget/order: its selector selects no pods"
		],
		[
			"a store that is gone",
			all => all.splice(all.indexOf(find(all, "SecretStore/secrets")), 1),
			"ExternalSecret/order: there is no SecretStore secrets"
		],
		[
			"another namespace",
			all => (find(all, "Service/gateway").metadata.namespace = "default"),
			"Service/gateway: is not in the namespace moleculer-commerce"
		]
	])("would be refused with %s", (_, plant, expected) => {
		const objects = of("overlays/production");
		plant(objects);
		expect(report(faultsOf(objects)).join("\n")).toContain(expected);
	});
});
