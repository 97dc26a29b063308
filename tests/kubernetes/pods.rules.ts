import { readFileSync } from "node:fs";
import { join } from "node:path";
import { variables } from "../../config/env.ts";
import { serviceNames } from "../../config/index.ts";
import { platformVariables } from "../deployment/compose-rules.ts";
import {
	containersOf,
	nodesOf,
	ofKind,
	workloadsOf,
	type ClusterObject,
	type Container,
	type Workload
} from "./cluster-objects.ts";
import { faultOf, type Fault } from "./fault-lines.ts";
import { configMapsOf, environmentOf } from "./node-environment.ts";

/** What pods are made of: images, settings, ports, limits, rights. */

type Objects = readonly ClusterObject[];

/** Slowest stop of a node without SHUTDOWN_DELAY_MS (docs/decisions/0029), in s. */
const stopSeconds = 25;

function imageFaults(workload: Workload, { image }: Container): Fault[] {
	// A registry may have a port.
	const tag = image.split("/").at(-1)!.split(":")[1];
	if (image.includes("@sha256:")) return [];
	if (tag === undefined)
		return [faultOf(workload, `image: ${image}`, `the image ${image} has no tag`)];
	// A tag such as alpine moves on to another version; that of development is built on the machine itself.
	const isVersion = /\d/.test(tag) || (isShop({ image }) && tag === "development");
	return isVersion
		? []
		: [faultOf(workload, `image: ${image}`, `the image ${image} is not pinned`)];
}

export const isShop = ({ image }: Pick<Container, "image">) =>
	/(^|\/)moleculer-commerce([:@]|$)/.test(image);

const isSetting = (name: string) => Object.hasOwn(variables, name.replace(/_FILE$/, ""));

function settingFaults(objects: Objects, workload: Workload, container: Container): Fault[] {
	const names = (container.env ?? []).map(({ name }) => name);
	const twice = names.filter((name, index) => names.indexOf(name) < index);
	const unknown = Object.keys(environmentOf(objects, container)).filter(
		name => !isSetting(name) && !platformVariables.has(name)
	);
	return [
		...twice.map(name => faultOf(workload, name, `${name} is set twice`)),
		...(isShop(container)
			? unknown.map(name => faultOf(workload, name, `${name} is no setting of the shop`))
			: [])
	];
}

/** Secrets in a ConfigMap, which more people may read. */
function openSecrets(objects: Objects): Fault[] {
	const isSecret = (name: string) => {
		const variable = variables[name as keyof typeof variables];
		return variable !== undefined && "secret" in variable;
	};
	return ofKind(objects, "ConfigMap").flatMap(map =>
		Object.keys(map.data ?? {})
			.filter(isSecret)
			.map(name => faultOf(map, name, `${name} is a secret, and belongs into a Secret`))
	);
}

function portFaults(workload: Workload): Fault[] {
	const ports = containersOf(workload).flatMap(({ ports: own = [] }) => own);
	const names = new Set(ports.map(({ name }) => name));
	const probed = containersOf(workload).flatMap(container =>
		(["startupProbe", "livenessProbe", "readinessProbe"] as const).flatMap(
			probe => container[probe]?.httpGet?.port ?? container[probe]?.tcpSocket?.port ?? []
		)
	);
	return [
		...ports
			.filter((port, index) =>
				ports
					.slice(0, index)
					.some(p => p.containerPort === port.containerPort || p.name === port.name)
			)
			.map(({ name, containerPort }) =>
				faultOf(workload, `name: ${name}`, `the port ${containerPort} (${name}) is there twice`)
			),
		...probed
			.filter(port => !names.has(String(port)))
			.map(port =>
				faultOf(workload, String(port), `a probe asks the port ${port}, which it does not have`)
			)
	];
}

/** Ports of a node are those of its settings. */
function nodePortFaults(objects: Objects, node: Workload): Fault[] {
	return node.spec.template.spec.containers.flatMap(container => {
		const settings = environmentOf(objects, container);
		const isGateway = settings.SERVICES === "gateway";
		const expected = {
			health: settings.HEALTH_PORT,
			metrics: settings.METRICS_PORT,
			...(isGateway && { http: settings.PORT })
		};
		const ports = Object.fromEntries(
			(container.ports ?? []).map(p => [p.name, String(p.containerPort)])
		);
		const scraped = node.spec.template.metadata.annotations?.["prometheus.io/port"];
		return [
			...Object.entries(expected)
				.filter(([name, port]) => ports[name] !== port)
				.map(([name, port]) =>
					faultOf(node, name, `its port ${name} is ${ports[name]}, and ${port} in its settings`)
				),
			...(scraped === settings.METRICS_PORT
				? []
				: [
						faultOf(
							node,
							"prometheus.io/port",
							`is scraped at ${scraped}, and serves metrics at ${settings.METRICS_PORT}`
						)
					])
		];
	});
}

function limitFaults(workload: Workload): Fault[] {
	const isServer = !workload.kind.endsWith("Job");
	return containersOf(workload).flatMap(container => {
		const { resources } = container;
		const isInit = workload.spec.template.spec.initContainers?.includes(container);
		const fault = (text: string) => faultOf(workload, container.name, `${container.name} ${text}`);
		return [
			...(resources?.requests?.cpu && resources.requests.memory
				? []
				: [fault("requests no cpu or memory")]),
			...(resources?.limits?.memory ? [] : [fault("has no limit of memory")]),
			...(isServer && !isInit && !(container.livenessProbe && container.readinessProbe)
				? [fault("has no probes of life and readiness")]
				: [])
		];
	});
}

function stopFaults(objects: Objects, node: Workload): Fault[] {
	const { terminationGracePeriodSeconds: seconds = 30, containers } = node.spec.template.spec;
	const delayMs = Number(environmentOf(objects, containers[0]!).SHUTDOWN_DELAY_MS);
	const needed = delayMs / 1000 + stopSeconds;
	return seconds >= needed
		? []
		: [
				faultOf(
					node,
					"terminationGracePeriodSeconds",
					`may take ${needed} s to stop, and is killed after ${seconds} s`
				)
			];
}

function missingNodes(objects: Objects): Fault[] {
	const nodes = nodesOf(objects);
	const runs = (node: Workload) =>
		environmentOf(objects, node.spec.template.spec.containers[0]!).SERVICES;
	return [
		...nodes
			.filter(node => runs(node) !== node.metadata.name)
			.map(node =>
				faultOf(node, "SERVICES", `runs ${runs(node)}, and is called ${node.metadata.name}`)
			),
		...["gateway", ...serviceNames]
			.filter(name => !nodes.some(node => runs(node) === name))
			.map(name => ({
				object: `Deployment/${name}`,
				word: name,
				text: "no node runs this service"
			}))
	];
}

const healthService = join(import.meta.dirname, "../../services/health/health.service.ts");

/** Paths that a node serves on HEALTH_PORT. */
const healthPaths = new Set(
	[...readFileSync(healthService, "utf8").matchAll(/"(\/health[^"]*)": /g)].map(([, path]) => path!)
);

/** A node whose database is away is not ready, and must not be killed for it. */
const probePaths = {
	startupProbe: "/health/live",
	livenessProbe: "/health/live",
	readinessProbe: "/health/ready"
} as const;

function probeFaults(node: Workload): Fault[] {
	const [container] = node.spec.template.spec.containers;
	return Object.entries(probePaths).flatMap(([probe, expected]) => {
		const path = container![probe as keyof typeof probePaths]?.httpGet?.path ?? "nothing";
		const word = `path: ${path}`;
		if (!healthPaths.has(path))
			return [faultOf(node, word, `its ${probe} asks ${path}, which the node does not serve`)];
		return path === expected
			? []
			: [faultOf(node, word, `its ${probe} asks ${path} instead of ${expected}`)];
	});
}

/** A file of certificates that is not mounted is only a warning of Node. */
function certificateFaults(objects: Objects, workload: Workload): Fault[] {
	return containersOf(workload).flatMap(container => {
		const path = environmentOf(objects, container).NODE_EXTRA_CA_CERTS;
		const isThere = container.volumeMounts?.some(({ mountPath }) =>
			path?.startsWith(`${mountPath}/`)
		);
		return path && !isThere
			? [faultOf(workload, "NODE_EXTRA_CA_CERTS", `nothing is mounted at ${path}`)]
			: [];
	});
}

/** Of any pod. */
export const podFaults = (objects: Objects): Fault[] => [
	...workloadsOf(objects).flatMap(one => [
		...containersOf(one).flatMap(container => [
			...imageFaults(one, container),
			...settingFaults(objects, one, container)
		]),
		...portFaults(one),
		...limitFaults(one),
		...certificateFaults(objects, one)
	]),
	...openSecrets(objects)
];

/** Of the nodes of a shop. */
export const nodeFaults = (objects: Objects): Fault[] => [
	...nodesOf(objects).flatMap(one => [
		...nodePortFaults(objects, one),
		...stopFaults(objects, one),
		...probeFaults(one)
	]),
	...missingNodes(objects)
];

/** The settings that all nodes share. */
export function settingsOf(objects: Objects): Record<string, string> {
	const found = [...configMapsOf(objects)].find(([name]) => name.startsWith("settings"));
	if (!found) throw new Error("there is no ConfigMap settings");
	return found[1];
}
