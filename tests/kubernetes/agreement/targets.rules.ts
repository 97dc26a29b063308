import {
	containersOf,
	idOf,
	ofKind,
	selected,
	selects,
	workloadsOf,
	type ClusterObject,
	type Selector,
	type Workload
} from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";

/** What an object says of others that it acts on: their version, their labels, their ports. */

type Objects = readonly ClusterObject[];

function versionFaults(objects: Objects): Fault[] {
	return ofKind(objects, "HorizontalPodAutoscaler").flatMap(scaler => {
		const { apiVersion, kind, name } = scaler.spec.scaleTargetRef as Record<string, string>;
		const target = ofKind(objects, kind!).find(({ metadata }) => metadata.name === name);
		return !target || target.apiVersion === apiVersion
			? []
			: [
					faultOf(
						scaler,
						`apiVersion: ${apiVersion}`,
						`scales ${kind} ${name} of ${apiVersion}, which is of ${target.apiVersion}`
					)
				];
	});
}

interface Spread {
	topologyKey: string;
	labelSelector: Selector;
}

/** A constraint counts the pods that it selects: without the own ones it spreads nothing. */
function spreadFaults(objects: Objects): Fault[] {
	return workloadsOf(objects).flatMap(workload => {
		const { labels } = workload.spec.template.metadata;
		const spec = workload.spec.template.spec as { topologySpreadConstraints?: Spread[] };
		return (spec.topologySpreadConstraints ?? [])
			.filter(({ labelSelector }) => !selects(labelSelector, labels))
			.map(({ topologyKey, labelSelector }) => {
				const [[key, value] = ["", ""]] = Object.entries(labelSelector.matchLabels ?? {}).filter(
					([own, wanted]) => labels[own] !== wanted
				);
				return faultOf(
					workload,
					`${key}: ${value}`,
					`its pods are not those that it spreads over ${topologyKey}`
				);
			});
	});
}

interface Port {
	port?: number | string;
	endPort?: number;
}

interface Peer {
	podSelector?: Selector;
	namespaceSelector?: Selector;
}

interface Rule {
	to?: Peer[];
	ports?: Port[];
}

/** Pods of the shop that a rule leads to, each with the ports of the rule. */
function allowedPorts(objects: Objects, { spec }: ClusterObject): [pods: Workload[], Port[]][] {
	const {
		podSelector,
		ingress = [],
		egress = []
	} = spec as {
		podSelector: Selector;
		ingress?: Rule[];
		egress?: Rule[];
	};
	return [
		...ingress.map(({ ports = [] }): [Workload[], Port[]] => [
			selected(objects, podSelector),
			ports
		]),
		...egress.map(({ to = [], ports = [] }): [Workload[], Port[]] => [
			to
				.filter(peer => peer.podSelector && !peer.namespaceSelector)
				.flatMap(peer => selected(objects, peer.podSelector!)),
			ports
		])
	];
}

const hasPort = (pod: Workload, port: number | string) =>
	containersOf(pod).some(({ ports = [] }) =>
		ports.some(own => own.containerPort === port || own.name === port)
	);

/** A policy names the port of a pod, not that of its Service. */
function policyFaults(objects: Objects): Fault[] {
	return ofKind(objects, "NetworkPolicy").flatMap(policy =>
		allowedPorts(objects, policy).flatMap(([pods, ports]) =>
			ports.flatMap(({ port, endPort }) => [
				...(endPort === undefined
					? []
					: [
							faultOf(
								policy,
								`endPort: ${endPort}`,
								`allows all ports from ${port} to ${endPort}, and not one`
							)
						]),
				...pods
					.filter(pod => port !== undefined && !hasPort(pod, port))
					.map(pod =>
						faultOf(
							policy,
							`port: ${port}`,
							`allows the port ${port} of ${idOf(pod)}, which it does not have`
						)
					)
			])
		)
	);
}

export const targetFaults = (objects: Objects): Fault[] => [
	...versionFaults(objects),
	...spreadFaults(objects),
	...policyFaults(objects)
];
