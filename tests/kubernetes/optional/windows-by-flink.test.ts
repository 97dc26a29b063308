import { toConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { describeWith } from "../../support/describe-with.ts";
import { argumentsOf } from "../agreement/image.rules.ts";
import {
	containersOf,
	nodesOf,
	ofKind,
	render,
	workloadsOf,
	type ClusterObject
} from "../cluster-objects.ts";
import { report } from "../fault-lines.ts";
import { flows } from "../flows.rules.ts";
import { buildWithinMs } from "../kustomize-program.ts";
import { manifestFaults } from "../manifests.rules.ts";
import { environmentOf } from "../node-environment.ts";
import { schemaFaults } from "../object-schemas.ts";
import { renderWith } from "./render-with.ts";

/** The component windows-by-flink: the setting of analytics, and the handovers (docs/operations.md, "Windows by Flink"). */

const handovers = ["windows-to-flink", "windows-to-builtin"] as const;
const engines = { "windows-to-flink": "flink", "windows-to-builtin": "builtin" } as const;

const servers = {
	"overlays/production": { kafka: "10.0.32.0/19:9096", postgres: "10.0.64.0/20:5432" },
	"overlays/dev": { kafka: "kafka:9092", postgres: "postgres:5432" }
} as const;

const workload = (objects: readonly ClusterObject[], id: string) =>
	workloadsOf(objects).find(({ kind, metadata }) => `${kind}/${metadata.name}` === id)!;

const settingsOf = (objects: readonly ClusterObject[], id: string) =>
	environmentOf(objects, containersOf(workload(objects, id))[0]!);

/** As a command of cli/ reads it. */
const configOf = (settings: Record<string, string>) =>
	toConfig(readEnvironment(settings, { runsServices: false }));

describeWith("kustomize")("windows by Flink", () => {
	describe.each(["overlays/production", "overlays/dev"] as const)("in %s", overlay => {
		let without: ClusterObject[];
		let objects: ClusterObject[];
		beforeAll(() => {
			without = render(overlay);
			objects = renderWith(overlay, ["windows-by-flink"]);
		}, buildWithinMs);

		it("break no rule", () => {
			expect(report(manifestFaults(objects))).toEqual([]);
			expect(report(schemaFaults(objects))).toEqual([]);
		}, 60_000);

		it("are a setting of the nodes that publish windows, and of no others", () => {
			const engineOf = (all: readonly ClusterObject[]) =>
				nodesOf(all)
					.filter(node => "ANALYTICS_ENGINE" in settingsOf(all, `Deployment/${node.metadata.name}`))
					.map(({ metadata }) => metadata.name);
			expect([engineOf(without), engineOf(objects)]).toEqual([[], ["analytics"]]);
			const node = readEnvironment(settingsOf(objects, "Deployment/analytics"));
			expect(toConfig(node).analytics.engine).toBe("flink");
		});

		it.each(handovers)("have %s with what the command reads", name => {
			const [container] = containersOf(workload(objects, `CronJob/${name}`));
			expect(argumentsOf(container!)).toEqual(["cli/stream.ts", "engine", engines[name]]);
			const node = settingsOf(objects, "Deployment/analytics");
			const { kafka, databaseUrl } = configOf(settingsOf(objects, `CronJob/${name}`));
			expect(kafka).toEqual(toConfig(readEnvironment(node)).kafka);
			const role = name === "windows-to-builtin" ? node.ANALYTICS_DATABASE_URL : undefined;
			expect(databaseUrl).toBe(role);
		});

		it.each(handovers)("run %s only by hand, with an account of their own", name => {
			const [job] = ofKind(objects, "CronJob").filter(({ metadata }) => metadata.name === name);
			expect(job!.spec).toMatchObject({ suspend: true });
			const { serviceAccountName } = workload(objects, `CronJob/${name}`).spec.template.spec;
			expect(serviceAccountName).toBe("windows-handover");
		});

		it("let the handovers reach Kafka, and the one back Postgres, and allow nothing else", () => {
			const { kafka, postgres } = servers[overlay];
			const before = new Set(flows(without));
			const added = flows(objects).filter(flow => !before.has(flow));
			const dns = ["53", "UDP 53"].map(port => `kube-system/k8s-app=kube-dns:${port}`);
			const expected = [
				...handovers.flatMap(name => [...dns, kafka].map(to => `${name} → ${to}`)),
				`windows-to-builtin → ${postgres}`
			];
			expect(added).toEqual(expected.toSorted());
		});
	});
});
