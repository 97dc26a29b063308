import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { kustomize } from "./kustomize-program.ts";

/** Rendered Kubernetes objects, as far as the rules read them. */

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
	matchLabels?: Labels;
	matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

interface Named {
	name: string;
}

interface Member extends Named {
	key: string;
	optional?: boolean;
}

interface Variable extends Named {
	value?: string;
	valueFrom?: { secretKeyRef?: Member; configMapKeyRef?: Member };
}

export interface Container extends Named {
	image: string;
	command?: string[];
	args?: string[];
	env?: Variable[];
	envFrom?: { configMapRef?: Named; secretRef?: Named }[];
	ports?: { name: string; containerPort: number }[];
	volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
	resources?: { requests?: Labels; limits?: Labels };
	securityContext?: {
		runAsUser?: number;
		runAsNonRoot?: boolean;
		allowPrivilegeEscalation?: boolean;
		privileged?: boolean;
		readOnlyRootFilesystem?: boolean;
		capabilities?: { drop?: string[]; add?: string[] };
	};
	[probe: `${string}Probe`]: {
		httpGet?: { port: string | number; path?: string };
		tcpSocket?: { port: string };
	};
}

export interface Volume extends Named {
	configMap?: Named & { items?: { key: string; path: string }[] };
	secret?: { secretName: string };
	persistentVolumeClaim?: { claimName: string };
	hostPath?: { path: string };
}

export interface PodSpec {
	serviceAccountName?: string;
	automountServiceAccountToken?: boolean;
	terminationGracePeriodSeconds?: number;
	hostNetwork?: boolean;
	hostPID?: boolean;
	hostIPC?: boolean;
	securityContext?: {
		runAsNonRoot?: boolean;
		runAsUser?: number;
		seccompProfile?: { type: string };
	};
	containers: Container[];
	initContainers?: Container[];
	volumes?: Volume[];
}

export interface ClusterObject {
	apiVersion: string;
	kind: string;
	metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels };
	data?: Record<string, string>;
	/** Of a Secret; not in base64. */
	stringData?: Record<string, string>;
	// Of many kinds; each rule knows the members of its own.
	// eslint-disable-next-line @typescript-eslint/no-explicit-any
	spec?: any;
}

export interface Workload extends ClusterObject {
	spec: {
		replicas?: number;
		selector?: Selector;
		template: { metadata: { labels: Labels; annotations?: Labels }; spec: PodSpec };
		volumeClaimTemplates?: { metadata: Named }[];
	};
}

export const root = join(import.meta.dirname, "../../k8s");

/** Kustomizations that a cluster is given. */
export const overlays = ["overlays/dev", "overlays/staging", "overlays/production"] as const;

export function parseObjects(text: string): ClusterObject[] {
	return parseAllDocuments(text, { uniqueKeys: true }).map(document => {
		if (document.errors.length > 0) throw document.errors[0]!;
		return document.toJS() as ClusterObject;
	});
}

/** The objects of a folder below k8s/, or below a copy of it. */
export const render = (folder: string, within = root): ClusterObject[] =>
	parseObjects(kustomize(join(within, folder)));

export const idOf = ({ kind, metadata }: ClusterObject) => `${kind}/${metadata.name}`;

export const ofKind = (objects: readonly ClusterObject[], ...kinds: string[]) =>
	objects.filter(({ kind }) => kinds.includes(kind));

const scheduled = new WeakMap<ClusterObject, Workload>();

/** The job that a CronJob makes, under its name; the same object each time. */
function jobOf(object: ClusterObject): Workload {
	const known = scheduled.get(object);
	if (known) return known;
	const job: Workload = { ...object, spec: object.spec.jobTemplate.spec };
	scheduled.set(object, job);
	return job;
}

/** All that makes pods. */
export const workloadsOf = (objects: readonly ClusterObject[]): Workload[] => [
	...(ofKind(objects, "Deployment", "StatefulSet", "DaemonSet", "Job") as Workload[]),
	...ofKind(objects, "CronJob").map(jobOf)
];

/** The nodes of the shop. */
export const nodesOf = (objects: readonly ClusterObject[]) =>
	workloadsOf(objects).filter(
		({ spec }) => spec.template.metadata.labels["app.kubernetes.io/component"] === "node"
	);

export const containersOf = ({ spec }: Workload): Container[] => [
	...(spec.template.spec.initContainers ?? []),
	...spec.template.spec.containers
];

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels) {
	return (
		Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
		matchExpressions.every(({ key, operator, values = [] }) => {
			if (operator !== "In") throw new Error(`the operator ${operator} is not known here`);
			return values.includes(labels[key] ?? "");
		})
	);
}

export const selected = (objects: readonly ClusterObject[], selector: Selector) =>
	workloadsOf(objects).filter(({ spec }) => selects(selector, spec.template.metadata.labels));
