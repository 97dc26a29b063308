import {
	containersOf,
	ofKind,
	workloadsOf,
	type ClusterObject,
	type Container,
	type Workload
} from "./cluster-objects.ts";
import { faultOf, type Fault } from "./fault-lines.ts";

interface Seccomp {
	seccompProfile?: { type: string };
}

/** What a container may set for itself, in place of what its pod says. */
function containerFaults(workload: Workload, { name, securityContext, ports = [] }: Container) {
	const profile = (securityContext as Seccomp | undefined)?.seccompProfile?.type;
	return [
		...(profile === undefined || profile === "RuntimeDefault"
			? []
			: [faultOf(workload, `type: ${profile}`, `${name} has the seccomp profile ${profile}`)]),
		...(ports as { hostPort?: number }[])
			.filter(({ hostPort }) => hostPort !== undefined)
			.map(({ hostPort }) =>
				faultOf(
					workload,
					`hostPort: ${hostPort}`,
					`${name} takes the port ${hostPort} of its machine`
				)
			)
	];
}

/** What the level "restricted" of pod security asks, and a file system that cannot be written to. */
function podFaults(workload: Workload): Fault[] {
	const { spec } = workload.spec.template;
	const fault = (text: string) => faultOf(workload, workload.metadata.name, text);
	return [
		...(spec.securityContext?.runAsNonRoot ? [] : [fault("may run as root")]),
		...(spec.securityContext?.runAsUser === 0
			? [faultOf(workload, "runAsUser: 0", "runs as root (runAsUser 0)")]
			: []),
		...(spec.securityContext?.seccompProfile?.type === "RuntimeDefault"
			? []
			: [fault("has no seccomp profile")]),
		...(spec.automountServiceAccountToken === false
			? []
			: [fault("gets a token of the Kubernetes API")]),
		...(spec.hostNetwork || spec.hostPID || spec.hostIPC
			? [fault("uses a namespace of its machine")]
			: []),
		...((spec as { shareProcessNamespace?: boolean }).shareProcessNamespace
			? [
					faultOf(
						workload,
						"shareProcessNamespace: true",
						"its containers see the processes of each other (shareProcessNamespace)"
					)
				]
			: []),
		...containersOf(workload).flatMap(container => containerFaults(workload, container)),
		...(spec.volumes ?? [])
			.filter(v => v.hostPath)
			.map(v => fault(`mounts ${v.name} of its machine`)),
		...containersOf(workload).flatMap(({ name, image, securityContext = {} }) => [
			...(securityContext.allowPrivilegeEscalation === false && !securityContext.privileged
				? []
				: [fault(`${name} may get more rights`)]),
			...(securityContext.runAsUser === 0 || securityContext.runAsNonRoot === false
				? [faultOf(workload, "runAsUser: 0", `${name} may run as root`)]
				: []),
			...(securityContext.capabilities?.drop?.includes("ALL") && !securityContext.capabilities.add
				? []
				: [fault(`${name} has capabilities`)]),
			// The image of Kafka writes its configuration beside its programs.
			...(securityContext.readOnlyRootFilesystem || image.startsWith("apache/kafka:")
				? []
				: [fault(`${name} may write to its file system`)])
		])
	];
}

/** The cluster asks for the same. */
const namespaceFaults = (objects: readonly ClusterObject[]): Fault[] =>
	ofKind(objects, "Namespace").flatMap(namespace => {
		const label = "pod-security.kubernetes.io/enforce";
		const level = namespace.metadata.labels?.[label];
		return level === "restricted"
			? []
			: [faultOf(namespace, label, `enforces the level ${level ?? "none"}, not restricted`)];
	});

export const rightsFaults = (objects: readonly ClusterObject[]): Fault[] => [
	...workloadsOf(objects).flatMap(podFaults),
	...namespaceFaults(objects)
];
