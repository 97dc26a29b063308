import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeNames, serviceCalls } from "../../config/node-servers.ts";
import manifest from "../../package.json" with { type: "json" };
import { describeWith } from "../support/describe-with.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import {
	containersOf,
	idOf,
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
import { schemaFaults } from "./object-schemas.ts";
import { renderWith } from "./optional/render-with.ts";
import { revisionFaults, versionFaults } from "./releases.rules.ts";

interface Named {
	group: string;
	kind: string;
	name?: string;
}

const waveOf = ({ metadata }: ClusterObject) =>
	Number(metadata.annotations?.["argocd.argoproj.io/sync-wave"] ?? 0);

/** Those that Argo CD serves; dev is for kubectl. */
const clusters = overlays.filter(overlay => overlay !== "overlays/dev");

function setTag(objects: readonly ClusterObject[], name: string, tag: string): void {
	const workload = workloadsOf(objects).find(({ metadata }) => metadata.name === name)!;
	for (const container of containersOf(workload))
		container.image = container.image.replace(/:[^:]*$/, `:${tag}`);
}

const environmentOf = (overlay: string) => overlay.replace("overlays/", "");

describeWith("kustomize")("the applications of Argo CD", () => {
	const rendered = new Map<string, ClusterObject[]>();
	const applied = new Map<string, ClusterObject[]>();
	const one = (overlay: string, kind: string) => ofKind(applied.get(overlay)!, kind)[0]!;
	beforeAll(() => {
		for (const overlay of clusters) {
			rendered.set(overlay, render(overlay));
			applied.set(overlay, render(`argocd/${environmentOf(overlay)}`));
		}
	}, buildWithinMs);

	describe.each(clusters)("in the cluster of %s", overlay => {
		const environment = environmentOf(overlay);

		it("is one application and its project, and none of another environment", () => {
			const objects = applied.get(overlay)!;
			expect(report(schemaFaults(objects))).toEqual([]);
			expect(
				objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])
			).toEqual([
				["AppProject", "argocd", `moleculer-commerce-${environment}`],
				["Application", "argocd", `moleculer-commerce-${environment}`]
			]);
			const others = clusters.filter(other => other !== overlay).map(environmentOf);
			expect(JSON.stringify(objects)).not.toMatch(new RegExp(others.join("|")));
		});

		it("is of the overlay, in its namespace, and may be in no other", () => {
			const [own] = ofKind(rendered.get(overlay)!, "Namespace");
			const destination = {
				server: "https://kubernetes.default.svc",
				namespace: own!.metadata.name
			};
			const { spec } = one(overlay, "Application");
			const project = one(overlay, "AppProject");
			expect([spec.source.path, spec.project]).toEqual([`k8s/${overlay}`, project.metadata.name]);
			expect([spec.destination, project.spec.destinations]).toEqual([destination, [destination]]);
			expect(project.spec.sourceRepos).toEqual([spec.source.repoURL]);
		});

		it("leaves the shop when it is deleted", () => {
			expect(one(overlay, "Application").metadata).not.toHaveProperty("finalizers");
		});
	});

	describe("run the version of the source", () => {
		const versionsOf = (objects: readonly ClusterObject[]) =>
			report(versionFaults(objects, manifest.version));

		it.each(clusters)("in %s", overlay => {
			expect(versionsOf(rendered.get(overlay)!)).toEqual([]);
			expect(report(revisionFaults(one(overlay, "Application"), manifest.version))).toEqual([]);
		});

		it("with nodes of an older image, when only their tag goes back", () => {
			const folder = temporaryFolder();
			cpSync(root, folder, { recursive: true });
			const file = join(folder, "overlays/production/kustomization.yaml");
			// The first tag is that of the nodes.
			const text = readFileSync(file, "utf8").replace(/newTag: .*/, "newTag: 0.0.9");
			writeFileSync(file, text);
			const objects = render("overlays/production", folder);
			const images = workloadsOf(objects).flatMap(one =>
				containersOf(one)
					.filter(({ image }) => image.includes("commerce"))
					.map(({ image }) => `${one.kind} ${image.split(":")[1]}`)
			);
			expect(new Set(images)).toEqual(new Set(["Deployment 0.0.9", `Job ${manifest.version}`]));
			expect(versionsOf(objects)).toEqual([]);
		});

		it.each<[fault: string, plant: (objects: ClusterObject[]) => void, expected: string]>([
			[
				"an older migration",
				all => setTag(all, "migrate", "0.0.9"),
				"Job/migrate: is of version 0.0.9, and"
			],
			[
				"a newer node",
				all => setTag(all, "order", "0.10.0"),
				"Deployment/order: is of version 0.10.0, newer"
			],
			[
				"one older node",
				all => setTag(all, "order", "0.0.9"),
				"Deployment/order: is of version 0.0.9, and"
			]
		])("would be refused with %s", (_, plant, expected) => {
			const objects = structuredClone(rendered.get("overlays/production")!);
			plant(objects);
			expect(versionsOf(objects).join("\n")).toContain(expected);
		});

		it.each(clusters)("would be refused in %s at another revision, with its line", overlay => {
			const application = structuredClone(one(overlay, "Application"));
			const [found] = report(revisionFaults(application, "0.1.1"));
			expect(found).toMatch(
				new RegExp(
					`^k8s/argocd/${environmentOf(overlay)}/kustomization.yaml:\\d+: .*: runs the revision`
				)
			);
			application.spec.source.targetRevision = `v${manifest.version}-back.1`;
			expect(revisionFaults(application, manifest.version)).toEqual([]);
		});
	});

	it.each(clusters)(
		"in %s may make the kinds of overlays, with windows-by-flink, and no others",
		overlay => {
			const kindOf = ({ apiVersion, kind }: ClusterObject) =>
				`${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}/${kind}`;
			const { clusterResourceWhitelist, namespaceResourceWhitelist } = one(overlay, "AppProject")
				.spec as Record<string, Named[]>;
			const listed = [...clusterResourceWhitelist!, ...namespaceResourceWhitelist!];
			const optional = renderWith(overlay, ["windows-by-flink"]);
			const used = new Set([...rendered.get(overlay)!, ...optional].map(kindOf));
			expect(listed.map(({ group, kind }) => `${group}/${kind}`).toSorted()).toEqual(
				[...used].toSorted()
			);
		}
	);

	it.each(clusters)("in %s leave replicas to autoscalers, and to these only", overlay => {
		const scaled = ofKind(rendered.get(overlay)!, "HorizontalPodAutoscaler").map(
			({ spec }) => spec.scaleTargetRef.name as string
		);
		const ignored = one(overlay, "Application").spec.ignoreDifferences as Named[];
		expect(ignored.map(({ name }) => name).toSorted()).toEqual([...new Set(scaled)].toSorted());
	});

	it.each(clusters)("of %s state what the operator of secrets adds to lists", overlay => {
		const references = ofKind(rendered.get(overlay)!, "ExternalSecret").flatMap(
			({ spec }) => spec.data as { remoteRef: object }[]
		);
		expect(references.length).toBeGreaterThan(0);
		for (const { remoteRef } of references)
			expect(remoteRef).toMatchObject({
				conversionStrategy: "Default",
				decodingStrategy: "None",
				metadataPolicy: "None"
			});
	});

	it.each(clusters)(
		"of %s make what the migration needs before it, and nodes after it",
		overlay => {
			const objects = rendered.get(overlay)!;
			const migration = workloadsOf(objects).find(({ kind }) => kind === "Job")!;
			expect(migration.metadata.annotations).toMatchObject({
				"argocd.argoproj.io/hook": "Sync",
				"argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"
			});
			const needed =
				/^(Namespace|ServiceAccount|ConfigMap|SecretStore|ExternalSecret|NetworkPolicy)$/;
			const late = objects.filter(one => needed.test(one.kind) && waveOf(one) >= waveOf(migration));
			expect(late.map(idOf)).toEqual([]);
			const [namespaces, stores, secrets] = ["Namespace", "SecretStore", "ExternalSecret"].map(
				kind => ofKind(objects, kind).map(waveOf)
			);
			expect(namespaces).toEqual([Math.min(...objects.map(waveOf))]);
			expect(Math.max(...stores!)).toBeLessThan(Math.min(...secrets!));
			const early = nodesOf(objects).filter(one => waveOf(one) <= waveOf(migration));
			expect(early.map(idOf)).toEqual([]);
		}
	);

	it.each(clusters)(
		"of %s replace a node after those that it calls, and scale it at last",
		overlay => {
			const waves = new Map(
				nodesOf(rendered.get(overlay)!).map(node => [node.metadata.name, waveOf(node)])
			);
			const early = nodeNames.flatMap(name =>
				serviceCalls[name]
					.filter(callee => waves.get(callee)! >= waves.get(name)!)
					.map(callee => `${name} is not after ${callee}`)
			);
			expect([waves.size, early]).toEqual([nodeNames.length, []]);
			for (const scaler of ofKind(rendered.get(overlay)!, "HorizontalPodAutoscaler"))
				expect(waveOf(scaler)).toBeGreaterThan(waves.get(scaler.metadata.name)!);
		}
	);
});
