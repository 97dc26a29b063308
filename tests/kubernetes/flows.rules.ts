import {
	ofKind,
	selects,
	workloadsOf,
	type ClusterObject,
	type Selector,
	type Workload
} from "./cluster-objects.ts";

/** The connections that NetworkPolicies allow. */

interface Peer {
	podSelector?: Selector;
	namespaceSelector?: Selector;
	ipBlock?: { cidr: string; except?: string[] };
}

interface Rule {
	from?: Peer[];
	to?: Peer[];
	ports?: AllowedPort[];
}

interface AllowedPort {
	protocol?: string;
	port: number | string;
	endPort?: number;
}

interface Policy {
	podSelector: Selector;
	policyTypes: string[];
	ingress?: Rule[];
	egress?: Rule[];
}

const nameOfNamespace = "kubernetes.io/metadata.name";

/** A foreign selector as it is: which pods have its labels is not known here. */
function conditions({ matchLabels = {}, matchExpressions = [] }: Selector): string[] {
	return [
		...Object.entries(matchLabels).map(([key, value]) =>
			key === nameOfNamespace ? value : `${key}=${value}`
		),
		...matchExpressions.map(({ key, operator, values = [] }) =>
			[key, operator, ...values].join(" ")
		)
	];
}

/** One end of a connection that is not a pod of the shop. */
function outside({ namespaceSelector, podSelector, ipBlock }: Peer): string {
	if (ipBlock)
		return ipBlock.except ? `${ipBlock.cidr} except ${ipBlock.except.join(" ")}` : ipBlock.cidr;
	const namespaces = conditions(namespaceSelector!);
	const pods = conditions(podSelector ?? {});
	return [...(namespaces.length > 0 ? namespaces : ["every namespace"]), ...pods].join("/");
}

type Pods = readonly Workload[];

/** Names of pods and of others; `anything` for a rule that names no peer. */
function peers(all: Pods, list: Peer[] | undefined): string[] {
	if (!list) return ["anything"];
	return list.flatMap(peer =>
		peer.ipBlock || peer.namespaceSelector
			? [outside(peer)]
			: all.filter(pod => selects(peer.podSelector!, pod.spec.template.metadata.labels)).map(nameOf)
	);
}

const nameOf = ({ metadata }: ClusterObject) => metadata.name;

/** `4222`, or `4222-4300` of a range; a protocol other than TCP is named. */
const portOf = ({ protocol = "TCP", port = "any", endPort }: Partial<AllowedPort>) =>
	`${protocol === "TCP" ? "" : `${protocol} `}${port}${endPort === undefined ? "" : `-${endPort}`}`;

/** `nats:4222` of each peer and port. */
const ends = (names: string[], { ports = [{ port: "any" }] }: Rule): string[] =>
	names.flatMap(name => ports.map(port => `${name}:${portOf(port)}`));

/** What pods of a workload may connect to, or be connected from with `:port` of themselves. */
function allowed(
	objects: readonly ClusterObject[],
	pod: Workload,
	type: "Ingress" | "Egress"
): string[] {
	const all = workloadsOf(objects);
	const policies = ofKind(objects, "NetworkPolicy")
		.map(({ spec }) => spec as Policy)
		.filter(
			({ podSelector, policyTypes }) =>
				policyTypes.includes(type) && selects(podSelector, pod.spec.template.metadata.labels)
		);
	if (policies.length === 0) return ["anything:any"];
	const rules = policies.flatMap(
		policy => (type === "Ingress" ? policy.ingress : policy.egress) ?? []
	);
	return rules.flatMap(rule => ends(peers(all, type === "Ingress" ? rule.from : rule.to), rule));
}

/**
 * `order → nats:4222`, sorted. A connection between two pods of the shop needs a policy at both ends; with one only it is
 * listed as `order → nats:4222 (refused by nats)` or `(refused by order)`.
 */
export function flows(objects: readonly ClusterObject[]): string[] {
	const all = workloadsOf(objects);
	const names = new Set(all.map(nameOf));
	const out = new Set<string>();
	const into = new Set<string>();
	for (const pod of all) {
		for (const end of allowed(objects, pod, "Egress")) out.add(`${nameOf(pod)} → ${end}`);
		for (const end of allowed(objects, pod, "Ingress")) {
			const [from, port] = [
				end.slice(0, end.lastIndexOf(":")),
				end.slice(end.lastIndexOf(":") + 1)
			];
			into.add(`${from} → ${nameOf(pod)}:${port}`);
		}
	}
	const isInside = (flow: string) => {
		const [from, to] = flow.split(" → ") as [string, string];
		return names.has(from) && names.has(to.split(":")[0]!);
	};
	const found = [...out, ...into].map(flow => {
		if (!isInside(flow) || (out.has(flow) && into.has(flow))) return flow;
		const [from, to] = flow.split(" → ") as [string, string];
		return `${flow} (refused by ${out.has(flow) ? to.split(":")[0] : from})`;
	});
	return [...new Set(found)].toSorted();
}
