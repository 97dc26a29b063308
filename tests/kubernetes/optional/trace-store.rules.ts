import { parse } from "yaml";
import { listening, type Program, type Tracing } from "../../observability/trace-programs.ts";
import { tracingFaults } from "../../observability/tracing.rules.ts";
import { nodesOf, ofKind, type ClusterObject, type Container } from "../cluster-objects.ts";
import { configMapsOf, environmentOf } from "../node-environment.ts";
import { partOf } from "./log-store.rules.ts";

/** What the pods of the component tracing say of each other: configurations, ports, addresses. */

type Objects = readonly ClusterObject[];

/** The file at a path of a container. @throws Error where no ConfigMap is mounted there that has it */
function mountedText(objects: Objects, name: string, path: string): string {
	const { workload, container } = partOf(objects, name);
	const mount = container.volumeMounts?.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
	const volume = workload.spec.template.spec.volumes?.find(one => one.name === mount?.name);
	const { name: map = "", items } = volume?.configMap ?? {};
	const file = path.slice((mount?.mountPath.length ?? 0) + 1);
	const key = items ? items.find(item => item.path === file)?.key : file;
	const text = configMapsOf(objects).get(map)?.[key ?? ""];
	if (text === undefined) throw new Error(`${name}: there is no file ${path}`);
	return text;
}

function programOf(objects: Objects, name: string): Program {
	const { container, environment } = partOf(objects, name);
	const [, path = ""] = /^--config=(.*)$/.exec(container.args?.join(" ") ?? "") ?? [];
	const limit = container.resources?.limits?.memory ?? "";
	return {
		name,
		text: mountedText(objects, name, path),
		environment,
		memoryMiB: Number(/^(\d+)Mi$/.exec(limit)?.[1])
	};
}

function tracingOf(objects: Objects): Tracing {
	const folder = "/etc/grafana/provisioning/datasources";
	const { datasources } = parse(mountedText(objects, "grafana", `${folder}/jaeger.yml`)) as {
		datasources: { url: string }[];
	};
	const [node] = nodesOf(objects);
	const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint = "" } = environmentOf(
		objects,
		node!.spec.template.spec.containers[0]!
	);
	return {
		collector: programOf(objects, "otel-collector"),
		jaeger: programOf(objects, "jaeger"),
		endpoint,
		datasourceUrl: datasources[0]!.url
	};
}

const byName = ({ ports = [] }: Container) =>
	Object.fromEntries(ports.map(({ name, containerPort }) => [name, String(containerPort)]));

/** Ports of pods are those of their configuration, and a Service has all but that of the probes, under the same number. */
function portFaults(objects: Objects, name: string, expected: Record<string, string>): string[] {
	const own = byName(partOf(objects, name).container);
	const service = ofKind(objects, "Service").find(({ metadata }) => metadata.name === name)!;
	const served = Object.fromEntries(
		(service.spec.ports as { targetPort: string; port: number }[]).map(({ targetPort, port }) => [
			targetPort,
			String(port)
		])
	);
	return Object.entries(expected).flatMap(([port, number]) => [
		...(own[port] === number
			? []
			: [`${name}: its port ${port} is ${own[port]}, and not ${number}`]),
		...(served[port] === (port === "health" ? undefined : number)
			? []
			: [`${name}: its Service has the port ${port} as ${served[port]}, and not as ${number}`])
	]);
}

/** Two collectors would decide on halves of a trace, and two Jaegers keep them. */
const replicaFaults = (objects: Objects): string[] =>
	["otel-collector", "jaeger"]
		.filter(name => {
			const { replicas, strategy } = partOf(objects, name).workload.spec as {
				replicas?: number;
				strategy?: { type: string };
			};
			return replicas !== 1 || strategy?.type !== "Recreate";
		})
		.map(name => `${name}: there may be two of it`);

/** What is wrong with the component tracing, one line each. */
export function traceStoreFaults(objects: Objects): string[] {
	const tracing = tracingOf(objects);
	const ports = listening(tracing);
	return [
		...tracingFaults(tracing),
		...portFaults(objects, "otel-collector", ports.collector),
		...portFaults(objects, "jaeger", ports.jaeger),
		...replicaFaults(objects)
	];
}
