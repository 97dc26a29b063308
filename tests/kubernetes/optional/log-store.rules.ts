import { parse } from "yaml";
import {
	containersOf,
	ofKind,
	workloadsOf,
	type ClusterObject,
	type Container,
	type Workload
} from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";
import { configMapsOf, environmentOf, secretsOf } from "../node-environment.ts";

/** What the pods of the component efk say of each other: users, addresses, indices, folders. */

type Objects = readonly ClusterObject[];

/** A workload with its last container and what it is configured by. */
export interface Part {
	workload: Workload;
	container: Container;
	environment: Record<string, string>;
	/** Its command, arguments and configuration files. */
	text: string;
}

/** @throws Error where there is none of this name */
export function partOf(objects: Objects, name: string): Part {
	const workload = workloadsOf(objects).find(({ metadata }) => metadata.name === name);
	if (!workload) throw new Error(`there are no pods ${name}`);
	const maps = configMapsOf(objects);
	const files = (workload.spec.template.spec.volumes ?? []).flatMap(({ configMap }) =>
		Object.values(maps.get(configMap?.name ?? "") ?? {})
	);
	const words = containersOf(workload).flatMap(({ command = [], args = [] }) => [
		...command,
		...args
	]);
	const container = workload.spec.template.spec.containers[0]!;
	const environment = environmentOf(objects, container);
	return { workload, container, environment, text: [...words, ...files].join("\n") };
}

const clients = ["log-collector", "log-template", "kibana"] as const;

/** The user by which a part signs in, and its password. */
function login({ workload, text, environment }: Part): { user: string; password?: string } {
	const [, user = "", variable = ""] =
		/\b(shop_\w+):\$\((\w+)\)/.exec(text) ??
		/user(?:name)?: (\w+)\s[^]*?password: \$\{(?:env:)?(\w+)\}/.exec(text) ??
		[];
	if (!user) throw new Error(`${workload.metadata.name} has no user of Elasticsearch`);
	return { user, password: environment[variable]! };
}

const ofElastic = new Set(["kibana_system"]);

/** Users are those that Elasticsearch is given, with their passwords, and have roles that there are. */
function userFaults(objects: Objects): Fault[] {
	const { workload, text } = partOf(objects, "elasticsearch");
	const environment = environmentOf(objects, workload.spec.template.spec.initContainers![0]!);
	const file = [...configMapsOf(objects)].find(([name]) => name.startsWith("elasticsearch"))![1];
	const roles = parse(file["roles.yml"] ?? "{}") as Record<string, unknown>;
	const made = new Map(
		[...text.matchAll(/useradd (\w+) -p "\$(\w+)" -r (\w+)/g)].map(
			([, user, variable, role]) =>
				[user!, { password: environment[variable!], role: role! }] as const
		)
	);
	const logins = clients
		.map(name => ({ part: partOf(objects, name) }))
		.map(({ part }) => ({
			one: part.workload,
			...login(part)
		}));
	return [
		...[...made]
			.filter(([, { role }]) => !ofElastic.has(role) && !Object.hasOwn(roles, role))
			.map(([user, { role }]) =>
				faultOf(workload, role, `${user} has the role ${role}, which is not there`)
			),
		...[...made.keys()]
			.filter(user => !logins.some(one => one.user === user))
			.map(user => faultOf(workload, user, `nothing signs in as ${user}`)),
		...logins.flatMap(({ one, user, password }) => {
			const known = made.get(user);
			if (!known)
				return [faultOf(one, user, `signs in as ${user}, which is no user of Elasticsearch`)];
			return password && known.password === password
				? []
				: [faultOf(one, user, `has not the password of ${user}`)];
		})
	];
}

/** All find it by a Service, over TLS. */
function addressFaults(objects: Objects): Fault[] {
	const ports = new Map(
		ofKind(objects, "Service").map(({ metadata, spec }) => [
			metadata.name,
			(spec.ports as { port: number }[]).map(({ port }) => port)
		])
	);
	return clients.flatMap(name => {
		const { workload, text, environment } = partOf(objects, name);
		const all = [text, ...Object.values(environment)].join("\n");
		const urls = [...all.matchAll(/\bhttps?:\/\/[\w.-]+:\d+/g)].map(([url]) => new URL(url));
		if (urls.length === 0) return [faultOf(workload, name, "has no address of Elasticsearch")];
		return urls.flatMap(({ protocol, hostname, port, host }) => [
			...(protocol === "https:"
				? []
				: [faultOf(workload, `${protocol}//${host}`, `connects to ${host} without TLS`)]),
			...(ports.get(hostname)?.includes(Number(port))
				? []
				: [faultOf(workload, `${protocol}//${host}`, `there is no Service at ${host}`)])
		]);
	});
}

/** Files that are named below a mounted ConfigMap or Secret. */
function fileFaults(objects: Objects): Fault[] {
	const maps = configMapsOf(objects);
	const secrets = secretsOf(objects);
	return workloadsOf(objects).flatMap(workload => {
		const { text, environment } = partOf(objects, workload.metadata.name);
		const all = [text, ...Object.values(environment)].join("\n");
		const { volumes = [] } = workload.spec.template.spec;
		return containersOf(workload).flatMap(({ volumeMounts = [] }) =>
			volumeMounts.flatMap(({ name, mountPath, subPath }) => {
				const volume = volumes.find(one => one.name === name);
				const data =
					maps.get(volume?.configMap?.name ?? "") ?? secrets.get(volume?.secret?.secretName ?? "");
				if (!data) return [];
				const folder = mountPath.replace("/usr/share/elasticsearch/config/", "");
				const named = [...all.matchAll(new RegExp(`(?<![\\w.-])${folder}/([\\w.-]+)`, "g"))];
				return [...named.map(([, file]) => file!), ...(subPath ? [subPath] : [])]
					.filter(file => !Object.hasOwn(data, file))
					.map(file =>
						faultOf(workload, `${folder}/${file}`, `there is no file ${file} in ${mountPath}`)
					);
			})
		);
	});
}

interface Collector {
	receivers: { file_log: { include: string[] } };
	extensions: { file_storage: { directory: string }; health_check: { endpoint: string } };
	exporters: { elasticsearch: { logs_index: string } };
}

export const collectorOf = (objects: Objects): Collector => {
	const [, data] = [...configMapsOf(objects)].find(([name]) => name.startsWith("log-collector"))!;
	return parse(data["collector.yaml"]!) as Collector;
};

/** The collector reads the machine's files, writes to one folder of it, and is given all that it asks for. */
function collectorFaults(objects: Objects, namespaces: readonly string[]): Fault[] {
	const { workload, container, environment, text } = partOf(objects, "log-collector");
	const { receivers, extensions } = collectorOf(objects);
	const { volumeMounts = [], ports = [] } = container;
	const fault = (word: string, message: string) => [faultOf(workload, word, message)];
	const mountAt = (path: string) => volumeMounts.find(({ mountPath }) => mountPath === path);
	const folders = workload.spec.template.spec.volumes!.filter(({ hostPath }) => hostPath);
	const writable = folders.filter(
		({ name }) => !volumeMounts.find(one => one.name === name)?.readOnly
	);
	const { directory } = extensions.file_storage;
	const { CONTAINER_LOGS = "" } = environment;
	const logs = folders.find(({ name }) => name === mountAt(CONTAINER_LOGS)?.name);
	const read = receivers.file_log.include;
	const wanted = namespaces.map(name => `\${env:CONTAINER_LOGS}/${name}_*/*/*.log`);
	const asked = [...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name!);
	const port = extensions.health_check.endpoint.split(":")[1];
	return [
		...(logs?.hostPath!.path === "/var/log/pods"
			? []
			: fault(
					CONTAINER_LOGS,
					`reads ${CONTAINER_LOGS}, which is not /var/log/pods of its machine`
				)),
		...(writable.map(({ name }) => name).join() === mountAt(directory)?.name
			? []
			: fault(
					"hostPath",
					`may write to ${writable.map(({ name }) => name).join()} of its machine, and keeps its positions in ${directory}`
				)),
		...read
			.filter(path => !wanted.includes(path))
			.flatMap(path => fault(path, `reads ${path}, which is no log of a shop`)),
		...wanted
			.filter(path => !read.includes(path))
			.flatMap(path => fault("include:", `does not read ${path}`)),
		...[...new Set(asked)]
			.filter(name => !environment[name])
			.flatMap(name => fault(name, `is not given ${name}`)),
		...(ports.some(({ containerPort }) => String(containerPort) === port)
			? []
			: fault(
					extensions.health_check.endpoint,
					`answers probes at ${port}, which is none of its ports`
				))
	];
}

/** One name of the index in all of them, and a template without which there is none. */
function indexFaults(objects: Objects): Fault[] {
	const { logs_index } = collectorOf(objects).exporters.elasticsearch;
	const { workload, environment, text } = partOf(objects, "elasticsearch");
	const job = partOf(objects, "log-template");
	const rule = environment["action.auto_create_index"] ?? "";
	const roles = parse(text.slice(text.indexOf("shop_collector:\n"))) as {
		shop_collector: { indices: { names: string[] }[] };
	};
	const [map] = [...configMapsOf(objects)].filter(([name]) => name.startsWith("log-template"));
	const { index_patterns } = JSON.parse(map![1]["index-template.json"]!) as {
		index_patterns: string[];
	};
	const allowed = roles.shop_collector.indices.flatMap(({ names }) => names);
	return [
		...(rule === `-${logs_index},+*`
			? []
			: [faultOf(workload, rule, `makes the index ${logs_index} without its template (${rule})`)]),
		...(allowed.join() === logs_index
			? []
			: [
					faultOf(
						workload,
						"names",
						`lets the collector write to ${allowed.join()}, and not to ${logs_index} alone`
					)
				]),
		...(index_patterns.join() === logs_index
			? []
			: [
					faultOf(
						job.workload,
						index_patterns.join(),
						`is a template of ${index_patterns.join()}, and not of ${logs_index}`
					)
				])
	];
}

/** The other half is for files that Elasticsearch reads. */
function heapFaults(objects: Objects): Fault[] {
	const { workload, container, environment } = partOf(objects, "elasticsearch");
	const [, heap] = /-Xmx(\d+)g/.exec(environment.ES_JAVA_OPTS ?? "") ?? [];
	const [, limit] = /^(\d+)Gi$/.exec(container.resources?.limits?.memory ?? "") ?? [];
	return heap && limit && Number(heap) * 2 <= Number(limit)
		? []
		: [
				faultOf(
					workload,
					`-Xmx${heap}g`,
					`its heap of ${heap} GiB is more than half of ${limit} GiB`
				)
			];
}

/** @param namespaces of the shops whose log is kept */
export const logStoreFaults = (objects: Objects, namespaces: readonly string[]): Fault[] => [
	...userFaults(objects),
	...addressFaults(objects),
	...fileFaults(objects),
	...collectorFaults(objects, namespaces),
	...indexFaults(objects),
	...heapFaults(objects)
];
