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

describeWith("kustomize")("the applications of Argo CD", () => {
	const rendered = new Map<string, ClusterObject[]>();
	let project: ClusterObject;
	let set: ClusterObject;
	beforeAll(() => {
		for (const overlay of clusters) rendered.set(overlay, render(overlay));
		const objects = render("argocd");
		expect(report(schemaFaults(objects))).toEqual([]);
		[project, set] = ["AppProject", "ApplicationSet"].map(kind => ofKind(objects, kind)[0]!) as [
			ClusterObject,
			ClusterObject
		];
	}, buildWithinMs);

	it("are one for each overlay but dev, in the namespace that it has, at a version", () => {
		const { elements } = set.spec.generators[0].list as { elements: Record<string, string>[] };
		const { destinations, sourceRepos } = project.spec as {
			destinations: { namespace: string }[];
			sourceRepos: string[];
		};
		expect(elements.map(({ overlay }) => `overlays/${overlay}`)).toEqual([...clusters]);
		for (const { overlay, namespace, revision } of elements) {
			const [own] = ofKind(rendered.get(`overlays/${overlay}`)!, "Namespace");
			expect([overlay, namespace]).toEqual([overlay, own!.metadata.name]);
			expect(revision).toMatch(/^v\d+\.\d+\.\d+/);
		}
		expect(destinations.map(({ namespace }) => namespace)).toEqual(
			elements.map(({ namespace }) => namespace)
		);
		expect(sourceRepos).toEqual([set.spec.template.spec.source.repoURL]);
		expect(set.spec.template.spec.project).toBe(project.metadata.name);
	});

	describe("run the version of the source", () => {
		const elements = () =>
			set.spec.generators[0].list.elements as { overlay: string; revision: string }[];
		const versionsOf = (objects: readonly ClusterObject[]) =>
			report([
				...versionFaults(objects, manifest.version),
				...revisionFaults(set, elements(), manifest.version)
			]);

		it.each(clusters)("in %s", overlay => {
			expect(versionsOf(rendered.get(overlay)!)).toEqual([]);
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

		it("would be refused at another revision, with its line", () => {
			const found = report(revisionFaults(set, elements(), "0.1.1"));
			expect(found[0]).toMatch(
				/^k8s\/argocd\/applications.yaml:\d+: ApplicationSet\/moleculer-commerce: staging runs the revision/
			);
			const back = elements().map(one => ({ ...one, revision: `v${manifest.version}-back.1` }));
			expect(revisionFaults(set, back, manifest.version)).toEqual([]);
		});
	});

	it("may make the kinds that the overlays have, alone and with windows-by-flink, and no others", () => {
		const kindOf = ({ apiVersion, kind }: ClusterObject) =>
			`${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}/${kind}`;
		const { clusterResourceWhitelist, namespaceResourceWhitelist } = project.spec as Record<
			string,
			Named[]
		>;
		const listed = [...clusterResourceWhitelist!, ...namespaceResourceWhitelist!];
		const optional = renderWith("overlays/production", ["windows-by-flink"]);
		const used = new Set([...[...rendered.values()].flat(), ...optional].map(kindOf));
		expect(listed.map(({ group, kind }) => `${group}/${kind}`).toSorted()).toEqual(
			[...used].toSorted()
		);
	});

	it("leave replicas to autoscalers, and to these only", () => {
		const scaled = ofKind([...rendered.values()].flat(), "HorizontalPodAutoscaler").map(
			({ spec }) => spec.scaleTargetRef.name as string
		);
		const ignored = set.spec.template.spec.ignoreDifferences as Named[];
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
