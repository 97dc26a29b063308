import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assertNodeServers, nodeNames } from "../../config/node-servers.ts";
import { serviceNames, toConfig } from "../../config/index.ts";
import { readEnvironment } from "../../config/read-environment.ts";
import { connectionsOf } from "../../launch/shop/connection-plan.ts";
import { readCompose } from "../deployment/compose-file.ts";
import { describeWith } from "../support/describe-with.ts";
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
import { manifestFaults } from "./manifests.rules.ts";
import { settingsOf } from "./pods.rules.ts";

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
		expect(report(manifestFaults(of(overlay)))).toEqual([]);
	});

	it("of dev have the servers of docker-compose.yml, in its versions", () => {
		const { services } = readCompose();
		const servers = ["nats", "postgres", "kafka", "prometheus", "alertmanager", "grafana"];
		const ofTraces = ["otel-collector", "jaeger"];
		for (const name of [...servers, ...ofTraces]) {
			const kind = ofTraces.includes(name) ? "Deployment" : "StatefulSet";
			const [container] = containersOf(find(workloadsOf(of("overlays/dev")), `${kind}/${name}`));
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
			order.replace('"selector":{', '"selectr":{'),
			order.replace('"periodSeconds":2', '"periodSeconds":"2"'),
			order.replace('"kind":"Deployment"', '"kind":"Deployed"')
		];
		expect(new Set(planted).size).toBe(4);
		const parsed = [...objects, ...planted].map(text => JSON.parse(text) as ClusterObject);
		expect(report(schemaFaults(parsed)).toSorted()).toEqual([
			"Deployed/order: there is no schema of apps/v1 Deployed",
			expect.stringMatching(/^Deployment\/order: .*'"selectr"' does not exist/),
			expect.stringMatching(/^Deployment\/order: .*'"volumess"' does not exist/),
			expect.stringMatching(/^Deployment\/order: Type 'string' is not assignable to type 'number'/)
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
			type Reference = { remoteRef: { key: string; property: string }; sourceRef?: object };
			const refs = ofKind(of("overlays/production"), "ExternalSecret").flatMap(({ spec }) =>
				// RDS makes that of the owner.
				(spec.data as Reference[]).flatMap(one => (one.sourceRef ? [] : one.remoteRef))
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
			"a password of another user of the bus",
			all => {
				const [member] = find(all, "ExternalSecret/order").spec.data;
				member.remoteRef.property = "user";
			},
			"Deployment/order: has not the password that the bus has for it"
		],
		[
			"a server of the bus that no route leads to",
			all => (find(workloadsOf(all), "StatefulSet/nats").spec.replicas = 4),
			"StatefulSet/nats: no route leads to nats-3.nats-cluster"
		],
		[
			"a liveness probe that asks the database",
			all => (podOf(all, "order").containers[0]!.livenessProbe!.httpGet!.path = "/health/ready"),
			"Deployment/order: its livenessProbe asks /health/ready instead of /health/live"
		],
		[
			"a fault in a CronJob",
			all => {
				const { spec, metadata, ...job } = find(all, "Job/migrate");
				const jobSpec = structuredClone(spec);
				jobSpec.template.spec.serviceAccountName = "nightly";
				const own = { ...metadata, name: "nightly" };
				all.push({
					...job,
					kind: "CronJob",
					metadata: own,
					spec: { jobTemplate: { spec: jobSpec } }
				});
			},
			"CronJob/nightly: there is no ServiceAccount nightly"
		],
		[
			"another namespace",
			all => (find(all, "Service/gateway").metadata.namespace = "default"),
			"Service/gateway: is not in the namespace moleculer-commerce"
		]
	])("would be refused with %s", (_, plant, expected) => {
		const objects = of("overlays/production");
		plant(objects);
		expect(report(manifestFaults(objects)).join("\n")).toContain(expected);
	});
});
