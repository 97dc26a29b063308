import {
	containersOf,
	idOf,
	ofKind,
	selected,
	selects,
	workloadsOf,
	type ClusterObject,
	type Workload
} from "./cluster-objects.ts";
import { faultOf, type Fault } from "./fault-lines.ts";
import { configMapsOf, secretsOf } from "./node-environment.ts";

/** Names by which objects refer to each other. */

type Objects = readonly ClusterObject[];

interface Target {
	kind: string;
	name: string;
}

function podReferences(objects: Objects, workload: Workload): Fault[] {
	const { spec, volumeClaimTemplates = [] } = { ...workload.spec, ...workload.spec.template };
	const known: Record<string, Set<string>> = {
		ConfigMap: new Set(configMapsOf(objects).keys()),
		Secret: new Set(secretsOf(objects).keys()),
		PersistentVolumeClaim: new Set(
			ofKind(objects, "PersistentVolumeClaim").map(({ metadata }) => metadata.name)
		),
		ServiceAccount: new Set(ofKind(objects, "ServiceAccount").map(({ metadata }) => metadata.name))
	};
	const named = [
		["ServiceAccount", spec.serviceAccountName ?? "default"],
		...containersOf(workload).flatMap(({ envFrom = [] }) =>
			envFrom.flatMap(({ configMapRef, secretRef }) => [
				["ConfigMap", configMapRef?.name],
				["Secret", secretRef?.name]
			])
		),
		...(spec.volumes ?? []).flatMap(({ configMap, secret, persistentVolumeClaim }) => [
			["ConfigMap", configMap?.name],
			["Secret", secret?.secretName],
			["PersistentVolumeClaim", persistentVolumeClaim?.claimName]
		])
	] as [kind: string, name: string | undefined][];
	const volumes = new Set(
		[...(spec.volumes ?? []), ...volumeClaimTemplates.map(t => t.metadata)].map(v => v.name)
	);
	const values = { ConfigMap: configMapsOf(objects), Secret: secretsOf(objects) };
	const members = containersOf(workload)
		.flatMap(({ env = [] }) => env)
		.flatMap(({ valueFrom = {} }) => [
			["ConfigMap", valueFrom.configMapKeyRef] as const,
			["Secret", valueFrom.secretKeyRef] as const
		]);
	const items = (spec.volumes ?? []).flatMap(({ configMap }) =>
		(configMap?.items ?? []).map(({ key }) => ({ name: configMap!.name, key }))
	);
	return [
		...items
			.filter(({ name, key }) => !Object.hasOwn(values.ConfigMap.get(name) ?? {}, key))
			.map(({ name, key }) => faultOf(workload, key, `the ConfigMap ${name} has no member ${key}`)),
		...members.flatMap(([kind, member]) => {
			if (!member || member.optional) return [];
			const { name, key } = member;
			const data = values[kind].get(name);
			if (!data) return [faultOf(workload, name, `there is no ${kind} ${name}`)];
			return Object.hasOwn(data, key)
				? []
				: [faultOf(workload, key, `the ${kind} ${name} has no member ${key}`)];
		}),
		...named
			.filter(([kind, name]) => name !== undefined && !known[kind]!.has(name))
			.map(([kind, name]) => faultOf(workload, name!, `there is no ${kind} ${name}`)),
		...containersOf(workload)
			.flatMap(({ volumeMounts = [] }) => volumeMounts)
			.filter(({ name }) => !volumes.has(name))
			.map(({ name }) => faultOf(workload, name, `there is no volume ${name}`))
	];
}

function selectorFaults(objects: Objects): Fault[] {
	const workloads = workloadsOf(objects).filter(({ spec }) => spec.selector);
	return workloads.flatMap(one => {
		const chosen = selected(objects, one.spec.selector!);
		if (!chosen.includes(one))
			return [faultOf(one, one.metadata.name, "its selector does not select its own pods")];
		return chosen
			.filter(other => other !== one)
			.map(other =>
				faultOf(one, one.metadata.name, `its selector also selects the pods of ${idOf(other)}`)
			);
	});
}

function serviceFaults(objects: Objects): Fault[] {
	return ofKind(objects, "Service").flatMap(service => {
		const { selector, ports } = service.spec as {
			selector: Record<string, string>;
			ports: { name: string; port: number; protocol?: string; targetPort: string }[];
		};
		const pods = selected(objects, { matchLabels: selector });
		if (pods.length === 0)
			return [faultOf(service, service.metadata.name, "its selector selects no pods")];
		const isSame = (one: (typeof ports)[number], other: (typeof ports)[number]) =>
			one.name === other.name ||
			(one.port === other.port && (one.protocol ?? "TCP") === (other.protocol ?? "TCP"));
		const twice = ports.filter((port, index) =>
			ports.slice(0, index).some(other => isSame(port, other))
		);
		const faults = twice.map(({ name, port }) =>
			faultOf(service, `name: ${name}`, `the port ${port} (${name}) is there twice`)
		);
		const missing = ports.flatMap(({ targetPort }) =>
			pods
				.filter(
					pod =>
						!containersOf(pod).some(({ ports: own = [] }) =>
							own.some(({ name }) => name === targetPort)
						)
				)
				.map(pod => faultOf(service, targetPort, `${idOf(pod)} has no port ${targetPort}`))
		);
		return [...faults, ...missing];
	});
}

interface Backend {
	service: { name: string; port: { name: string } };
}

function ingressFaults(objects: Objects): Fault[] {
	const services = new Map(ofKind(objects, "Service").map(one => [one.metadata.name, one]));
	return ofKind(objects, "Ingress").flatMap(ingress =>
		(ingress.spec.rules as { http: { paths: { backend: Backend }[] } }[])
			.flatMap(({ http }) => http.paths)
			.map(({ backend }) => backend.service)
			.filter(
				({ name, port }) =>
					!services.get(name)?.spec.ports.some((p: { name: string }) => p.name === port.name)
			)
			.map(({ name, port }) =>
				faultOf(ingress, name, `there is no Service ${name} with a port ${port.name}`)
			)
	);
}

/** Objects that act on others: an autoscaler, a disruption budget, a policy, a secret of a store. */
function targetFaults(objects: Objects): Fault[] {
	const has = (kind: string, name: string) =>
		ofKind(objects, kind).some(one => one.metadata.name === name);
	return [
		...ofKind(objects, "HorizontalPodAutoscaler").flatMap(one => {
			const { kind, name } = one.spec.scaleTargetRef as { kind: string; name: string };
			return has(kind, name) ? [] : [faultOf(one, name, `there is no ${kind} ${name} to scale`)];
		}),
		...ofKind(objects, "PodDisruptionBudget", "NetworkPolicy").flatMap(one => {
			const selector = one.kind === "NetworkPolicy" ? one.spec.podSelector : one.spec.selector;
			return selected(objects, selector).length > 0
				? []
				: [faultOf(one, one.metadata.name, "its selector selects no pods")];
		}),
		...ofKind(objects, "NetworkPolicy").flatMap(one => {
			const { matchExpressions = [] } = one.spec.podSelector as {
				matchExpressions?: { key: string; values: string[] }[];
			};
			return matchExpressions.flatMap(({ key, values }) =>
				values
					.filter(
						value =>
							!workloadsOf(objects).some(({ spec }) =>
								selects({ matchLabels: { [key]: value } }, spec.template.metadata.labels)
							)
					)
					.map(value => faultOf(one, value, `no pods are called ${value}`))
			);
		}),
		...ofKind(objects, "ExternalSecret").flatMap(one => {
			const sources = one.spec.data as { sourceRef?: { storeRef: Target } }[];
			const stores = [one.spec.secretStoreRef as Target].concat(
				sources.flatMap(({ sourceRef }) => sourceRef?.storeRef ?? [])
			);
			return stores
				.filter(({ kind, name }) => !has(kind, name))
				.map(({ kind, name }) => faultOf(one, name, `there is no ${kind} ${name}`));
		})
	];
}

function namespaceFaults(objects: Objects): Fault[] {
	const [namespace] = ofKind(objects, "Namespace");
	return objects
		.filter(one => one !== namespace && one.metadata.namespace !== namespace?.metadata.name)
		.map(one =>
			faultOf(one, one.metadata.name, `is not in the namespace ${namespace?.metadata.name}`)
		);
}

/** What refers to something that is not there. */
export const referenceFaults = (objects: Objects): Fault[] => [
	...workloadsOf(objects).flatMap(one => podReferences(objects, one)),
	...selectorFaults(objects),
	...serviceFaults(objects),
	...ingressFaults(objects),
	...targetFaults(objects),
	...namespaceFaults(objects)
];
