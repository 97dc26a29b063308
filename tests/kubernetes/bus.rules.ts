import {
	nodesOf,
	ofKind,
	workloadsOf,
	type ClusterObject,
	type Workload
} from "./cluster-objects.ts";
import { faultOf, type Fault } from "./fault-lines.ts";
import { configMapsOf, environmentOf, secretsOf } from "./node-environment.ts";

/** The bus: its users, its servers among each other, and how nodes reach it. */

type Objects = readonly ClusterObject[];

interface Bus {
	server: Workload;
	/** Its configuration by file. */
	files: Record<string, string>;
	/** The variable of the password of each user. */
	users: Map<string, string>;
	environment: Record<string, string>;
}

/** @throws Error where there is no bus */
function busOf(objects: Objects): Bus {
	const server = workloadsOf(objects).find(
		({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "nats"
	);
	if (!server) throw new Error("there is no StatefulSet nats");
	const { containers, volumes = [] } = server.spec.template.spec;
	const maps = configMapsOf(objects);
	const files: Record<string, string> = Object.assign(
		{},
		...volumes.map(({ configMap }) => maps.get(configMap?.name ?? ""))
	);
	const found = (files["permissions.conf"] ?? "").matchAll(
		/^\s*user: "(\w+)"\s+password: \$(\w+)/gm
	);
	const users = new Map([...found].map(([, user, variable]) => [user!, variable!]));
	return { server, files, users, environment: environmentOf(objects, containers[0]!) };
}

const hasPort = (objects: Objects, service: string, port: number) =>
	ofKind(objects, "Service").some(
		({ metadata, spec }) =>
			metadata.name === service && (spec.ports as { port: number }[]).some(p => p.port === port)
	);

/** A node is the user of its service, at a Service that there is. */
function urlFaults(objects: Objects, { users, environment }: Bus, node: Workload): Fault[] {
	const { name } = node.metadata;
	const { NATS_URL = "" } = environmentOf(objects, node.spec.template.spec.containers[0]!);
	if (!URL.canParse(NATS_URL)) return [faultOf(node, "NATS_URL", "its NATS_URL is no URL")];
	const { protocol, username, password, hostname, port } = new URL(NATS_URL);
	const end = `${hostname}:${port}`;
	const variable = users.get(username);
	return [
		...(username === name
			? []
			: [faultOf(node, `${protocol}//${username}`, `is the user ${username} of the bus`)]),
		...(username !== name || (variable && environment[variable] === password)
			? []
			: [
					faultOf(node, `${protocol}//${username}`, "has not the password that the bus has for it")
				]),
		...(hasPort(objects, hostname, Number(port))
			? []
			: [faultOf(node, end, `there is no Service at ${end}, where it looks for the bus`)])
	];
}

/** Passwords of the secret are those of the users. */
function passwordFaults(objects: Objects, { server, users }: Bus): Fault[] {
	const variables = new Set(users.values());
	const members = Object.keys(secretsOf(objects).get("nats") ?? {});
	return [
		...[...users]
			.filter(([, variable]) => !members.includes(variable))
			.map(([user, variable]) =>
				faultOf(server, variable, `the secret nats has no ${variable} for the user ${user}`)
			),
		...members
			.filter(member => !variables.has(member))
			.map(member =>
				faultOf(server, member, `${member} of the secret nats is of no user in permissions.conf`)
			)
	];
}

/** Subjects begin with the namespace of the shop. */
function prefixFaults(objects: Objects, { files }: Bus): Fault[] {
	const text = files["permissions.conf"] ?? "";
	const prefixes = new Set([...text.matchAll(/"MOL-([^".]+)\./g)].map(([, name]) => name));
	return ofKind(objects, "ConfigMap").flatMap(map => {
		const namespace = map.data?.SHOP_NAMESPACE;
		return [...prefixes]
			.filter(prefix => namespace !== undefined && prefix !== namespace)
			.map(prefix =>
				faultOf(
					map,
					"SHOP_NAMESPACE",
					`SHOP_NAMESPACE is ${namespace}, and permissions.conf allows subjects of ${prefix}`
				)
			);
	});
}

function stopFaults({ server, files }: Bus): Fault[] {
	const { terminationGracePeriodSeconds: seconds = 30 } = server.spec.template.spec;
	// 2 min is the default of nats-server.
	const duration = Number(
		/^lame_duck_duration: "(\d+)s"/m.exec(files["nats.conf"] ?? "")?.[1] ?? 120
	);
	return seconds > duration
		? []
		: [
				faultOf(
					server,
					"terminationGracePeriodSeconds",
					`its clients leave within ${duration} s (lame_duck_duration), and it is killed after ${seconds} s`
				)
			];
}

interface Stop {
	lifecycle?: { preStop?: { exec?: { command: string[] } } };
}

/** A stop that finds no server by its file ends it without moving its clients. */
function pidFaults({ server }: Bus): Fault[] {
	const [container] = server.spec.template.spec.containers;
	const { args = [] } = container!;
	const written = args[args.indexOf("--pid") + 1];
	const words = (container as unknown as Stop).lifecycle?.preStop?.exec?.command ?? [];
	const read = words.flatMap(word => /^ldm=(.+)$/.exec(word)?.[1] ?? [])[0];
	return args.includes("--pid") && read === written
		? []
		: [
				faultOf(
					server,
					`ldm=${read}`,
					`its preStop reads the process from ${read}, and it is written to ${args.includes("--pid") ? written : "no file"}`
				)
			];
}

/** Servers of a cluster name each other. */
function routeFaults(objects: Objects, { server, files }: Bus): Fault[] {
	const { replicas = 1 } = server.spec;
	const { serviceName } = server.spec as unknown as { serviceName: string };
	const pods = Array.from({ length: replicas }, (_, index) => `nats-${index}.${serviceName}`);
	const routes = [...(files["cluster.conf"] ?? "").matchAll(/"(nats:\/\/[^"]+)"/g)].map(
		([, route]) => route!
	);
	const hosts = routes.map(route => new URL(route).hostname);
	return [
		...routes
			.filter((_, index) => !pods.includes(hosts[index]!))
			.map(route => faultOf(server, route, `there is no pod at ${route}`)),
		...routes
			.filter(route => !hasPort(objects, serviceName, Number(new URL(route).port)))
			.map(route => faultOf(server, route, `the Service ${serviceName} has no port of ${route}`)),
		...pods
			.filter(pod => replicas > 1 && !hosts.includes(pod))
			.map(pod => faultOf(server, "replicas", `no route leads to ${pod}`))
	];
}

export function busFaults(objects: Objects): Fault[] {
	const bus = busOf(objects);
	return [
		...nodesOf(objects).flatMap(node => urlFaults(objects, bus, node)),
		...passwordFaults(objects, bus),
		...prefixFaults(objects, bus),
		...stopFaults(bus),
		...pidFaults(bus),
		...routeFaults(objects, bus)
	];
}
