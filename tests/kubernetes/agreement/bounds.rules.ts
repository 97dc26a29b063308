import { containersOf, ofKind, workloadsOf, type ClusterObject } from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";

/** Numbers that an API server refuses, or with which an object does nothing; the schemas allow any. */

type Objects = readonly ClusterObject[];

const isPort = (port: unknown) =>
	typeof port !== "number" || (Number.isInteger(port) && port >= 1 && port <= 65_535);

/** Each port of an object with the member that states it. */
function portsOf(object: ClusterObject): [member: string, port: unknown][] {
	if (object.kind === "Service")
		return (object.spec.ports as Record<string, unknown>[]).flatMap(one =>
			["port", "targetPort", "nodePort"].map((member): [string, unknown] => [member, one[member]])
		);
	const { ingress = [], egress = [] } = object.spec as Record<string, { ports?: unknown[] }[]>;
	return [...ingress, ...egress]
		.flatMap(({ ports = [] }) => ports as { port?: unknown }[])
		.map(({ port }) => ["port", port]);
}

function portFaults(objects: Objects): Fault[] {
	const stated = [
		...ofKind(objects, "Service", "NetworkPolicy").flatMap(one =>
			portsOf(one).map(([member, port]) => ({ one, member, port }))
		),
		...workloadsOf(objects).flatMap(one =>
			containersOf(one).flatMap(({ ports = [] }) =>
				ports.map(({ containerPort: port }) => ({ one, member: "containerPort", port }))
			)
		)
	];
	return stated
		.filter(({ port }) => !isPort(port))
		.map(({ one, member, port }) =>
			faultOf(one, `${member}: ${String(port)}`, `${member} ${String(port)} is no port`)
		);
}

interface Metric {
	resource?: { name: string; target: { averageUtilization?: number } };
}

/** Of what pods request. With more than 100 none is added before they have reached their request. */
function utilisationFaults(objects: Objects): Fault[] {
	return ofKind(objects, "HorizontalPodAutoscaler").flatMap(scaler =>
		(scaler.spec.metrics as Metric[]).flatMap(({ resource }) => {
			const share = resource?.target.averageUtilization;
			return share === undefined || (share >= 1 && share <= 100)
				? []
				: [
						faultOf(
							scaler,
							`averageUtilization: ${share}`,
							`scales by ${resource!.name} at ${share} %, which is not from 1 to 100`
						)
					];
		})
	);
}

/** Below this a kubelet may kill what starts slowly on a busy machine, and does so again at each further start. */
const startSeconds = 60;

interface Probe {
	initialDelaySeconds?: number;
	periodSeconds?: number;
	failureThreshold?: number;
}

function startFaults(objects: Objects): Fault[] {
	return workloadsOf(objects).flatMap(workload =>
		containersOf(workload).flatMap(({ name, startupProbe }) => {
			if (!startupProbe) return [];
			// The defaults are those of Kubernetes.
			const probe = startupProbe as Probe;
			const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe;
			const seconds = initialDelaySeconds + periodSeconds * failureThreshold;
			return seconds >= startSeconds
				? []
				: [
						faultOf(
							workload,
							`failureThreshold: ${failureThreshold}`,
							`${name} is killed after ${seconds} s of its start, which may take ${startSeconds}`
						)
					];
		})
	);
}

export const boundFaults = (objects: Objects): Fault[] => [
	...portFaults(objects),
	...utilisationFaults(objects),
	...startFaults(objects)
];
