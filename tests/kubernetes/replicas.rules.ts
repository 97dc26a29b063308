import {
	containersOf,
	ofKind,
	selected,
	workloadsOf,
	type ClusterObject
} from "./cluster-objects.ts";
import { faultOf, type Fault } from "./fault-lines.ts";

/** How many pods there are: autoscalers and disruption budgets. */

type Objects = readonly ClusterObject[];

/** What a node runs out of first (DEPLOYMENT.md, "Scaling"). */
const scaledBy: Readonly<Record<string, string>> = {
	gateway: "cpu",
	product: "cpu",
	order: "cpu",
	payment: "memory"
};

const leastOf = (objects: Objects) =>
	new Map(
		ofKind(objects, "HorizontalPodAutoscaler").map(({ spec }) => [
			spec.scaleTargetRef.name as string,
			spec.minReplicas as number
		])
	);

/** An autoscaler sets the number of replicas; two and more must not be evicted together. */
function workloadFaults(objects: Objects): Fault[] {
	const scaled = leastOf(objects);
	const budgets = ofKind(objects, "PodDisruptionBudget");
	return workloadsOf(objects).flatMap(one => {
		const { name } = one.metadata;
		const replicas = scaled.get(name) ?? one.spec.replicas ?? 1;
		const isKept = budgets.some(({ spec }) => selected(objects, spec.selector).includes(one));
		return [
			...(scaled.has(name) && one.spec.replicas !== undefined
				? [faultOf(one, "replicas", "names replicas, which its autoscaler sets")]
				: []),
			...(replicas > 1 && !isKept
				? [faultOf(one, name, `has ${replicas} replicas and no PodDisruptionBudget`)]
				: [])
		];
	});
}

/** A number of pods, or a share of them, which is rounded up. */
const count = (value: number | string, of: number) =>
	typeof value === "number" ? value : Math.ceil((of * parseFloat(value)) / 100);

/** A budget that lets no pod go stops the replacement of machines. */
function budgetFaults(objects: Objects): Fault[] {
	const scaled = leastOf(objects);
	return ofKind(objects, "PodDisruptionBudget").flatMap(budget => {
		const { selector, minAvailable, maxUnavailable } = budget.spec;
		return selected(objects, selector).flatMap(({ metadata: { name }, spec }) => {
			const least = scaled.get(name) ?? spec.replicas ?? 1;
			const rule =
				maxUnavailable === undefined
					? `minAvailable: ${minAvailable}`
					: `maxUnavailable: ${maxUnavailable}`;
			const free =
				maxUnavailable === undefined
					? least - count(minAvailable, least)
					: count(maxUnavailable, least);
			return free > 0
				? []
				: [faultOf(budget, rule, `lets none of ${least} pods of ${name} go (${rule})`)];
		});
	});
}

interface Metric {
	resource?: { name: string };
}

function scalerFaults(objects: Objects): Fault[] {
	return ofKind(objects, "HorizontalPodAutoscaler").flatMap(scaler => {
		const { minReplicas, maxReplicas, metrics, scaleTargetRef } = scaler.spec;
		const target = workloadsOf(objects).find(
			({ metadata }) => metadata.name === scaleTargetRef.name
		);
		// A metric of another kind may be added (components/saga-autoscaling).
		const names = (metrics as Metric[]).flatMap(({ resource }) => resource?.name ?? []);
		const wanted = scaledBy[scaler.metadata.name];
		return [
			...(minReplicas > maxReplicas
				? [faultOf(scaler, "maxReplicas", `at most ${maxReplicas} is less than ${minReplicas}`)]
				: []),
			...(wanted && names.join() !== wanted
				? [faultOf(scaler, `name: ${names[0]}`, `scales by ${names.join()}, and not by ${wanted}`)]
				: []),
			...(target ? containersOf(target) : []).flatMap(({ name, resources }) =>
				names
					.filter(metric => !resources?.requests?.[metric])
					.map(metric =>
						faultOf(
							scaler,
							`name: ${metric}`,
							`scales by ${metric}, which ${name} does not request`
						)
					)
			)
		];
	});
}

export const replicaFaults = (objects: Objects): Fault[] => [
	...workloadFaults(objects),
	...budgetFaults(objects),
	...scalerFaults(objects)
];
