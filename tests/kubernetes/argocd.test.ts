import { nodeNames, serviceCalls } from "../../config/node-servers.ts";
import { describeWith } from "../support/describe-with.ts";
import {
	idOf,
	nodesOf,
	ofKind,
	overlays,
	render,
	workloadsOf,
	type ClusterObject
} from "./cluster-objects.ts";
import { buildWithinMs } from "./kustomize-program.ts";
import { schemaFaults } from "./object-schemas.ts";

interface Named {
	group: string;
	kind: string;
	name?: string;
}

const waveOf = ({ metadata }: ClusterObject) =>
	Number(metadata.annotations?.["argocd.argoproj.io/sync-wave"] ?? 0);

describeWith("kustomize")("the applications of Argo CD", () => {
	const rendered = new Map<string, ClusterObject[]>();
	let project: ClusterObject;
	let set: ClusterObject;
	beforeAll(() => {
		for (const overlay of overlays) rendered.set(overlay, render(overlay));
		const objects = render("argocd");
		expect(schemaFaults(objects)).toEqual([]);
		[project, set] = ["AppProject", "ApplicationSet"].map(kind => ofKind(objects, kind)[0]!) as [
			ClusterObject,
			ClusterObject
		];
	}, buildWithinMs);

	it("are one for each overlay, in the namespace that it has, at a version", () => {
		const { elements } = set.spec.generators[0].list as { elements: Record<string, string>[] };
		const { destinations, sourceRepos } = project.spec as {
			destinations: { namespace: string }[];
			sourceRepos: string[];
		};
		expect(elements.map(({ overlay }) => `overlays/${overlay}`)).toEqual([...overlays]);
		for (const { overlay, namespace, revision } of elements) {
			const [own] = ofKind(rendered.get(`overlays/${overlay}`)!, "Namespace");
			expect([overlay, namespace]).toEqual([overlay, own!.metadata.name]);
			expect(revision).toMatch(/^v\d+\.\d+\.\d+$/);
		}
		expect(destinations.map(({ namespace }) => namespace)).toEqual(
			elements.map(({ namespace }) => namespace)
		);
		expect(sourceRepos).toEqual([set.spec.template.spec.source.repoURL]);
		expect(set.spec.template.spec.project).toBe(project.metadata.name);
	});

	it("may make the kinds that the overlays have, and no others", () => {
		const kindOf = ({ apiVersion, kind }: ClusterObject) =>
			`${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}/${kind}`;
		const { clusterResourceWhitelist, namespaceResourceWhitelist } = project.spec as Record<
			string,
			Named[]
		>;
		const listed = [...clusterResourceWhitelist!, ...namespaceResourceWhitelist!];
		const used = new Set([...rendered.values()].flat().map(kindOf));
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

	it.each(overlays)(
		"of %s make what the migration needs before it, and nodes after it",
		overlay => {
			const objects = rendered.get(overlay)!;
			const migration = workloadsOf(objects).find(({ kind }) => kind === "Job")!;
			expect(migration.metadata.annotations).toMatchObject({
				"argocd.argoproj.io/hook": "Sync",
				"argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"
			});
			const needed = /^(Namespace|ServiceAccount|ConfigMap|Secret|SecretStore|ExternalSecret)$/;
			const late = objects.filter(one => needed.test(one.kind) && waveOf(one) >= waveOf(migration));
			expect(late.map(idOf)).toEqual([]);
			const early = nodesOf(objects).filter(one => waveOf(one) <= waveOf(migration));
			expect(early.map(idOf)).toEqual([]);
			// In dev the database is a part of the application.
			const database = objects.filter(({ metadata }) => metadata.name === "postgres");
			const lateParts = database.filter(one => waveOf(one) >= waveOf(migration));
			expect(lateParts.map(({ kind }) => kind)).toEqual(
				database.length > 0 ? ["NetworkPolicy"] : []
			);
		}
	);

	it.each(overlays)(
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
