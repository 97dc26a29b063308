import { serviceNames } from "../../config/index.ts";
import { variables } from "../../config/env.ts";
import { ofShop, type ComposeFile } from "./compose-file.ts";

/** Read by Node and by the image, not by the shop. */
const ofPlatform = new Set(["HOME", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_COMPILE_CACHE"]);

const knows = (name: string) =>
	ofPlatform.has(name) || Object.hasOwn(variables, name.replace(/_FILE$/, ""));

function imageFaults(name: string, image: string): string[] {
	// A registry may have a port.
	const tag = image.split("/").at(-1)!.split(":")[1];
	if (tag === undefined) return [`${name}: the image ${image} has no tag`];
	return tag === "latest" ? [`${name}: the image ${image} is not pinned`] : [];
}

function portFaults(file: ComposeFile): string[] {
	const ports = Object.entries(file.services).flatMap(([name, { ports: own = [] }]) =>
		own.map(port => ({ name, port: String(port) }))
	);
	const hostPorts = ports.map(({ port }) => port.split(":").at(-2)!);
	return ports.flatMap(({ name, port }, index) => [
		...(port.startsWith("127.0.0.1:") ? [] : [`${name}: ${port} is open to other hosts`]),
		...(hostPorts.indexOf(hostPorts[index]!) < index
			? [`${name}: the port ${hostPorts[index]} is published twice`]
			: [])
	]);
}

function referenceFaults({ services, volumes }: ComposeFile): string[] {
	return Object.entries(services).flatMap(([name, service]) => [
		...Object.entries(service.depends_on ?? {}).flatMap(([other, { condition }]) => {
			const target = services[other];
			if (!target) return [`${name}: depends on ${other}, which is no service`];
			const isChecked = target.healthcheck?.test || target.build;
			return condition === "service_healthy" && !isChecked
				? [`${name}: waits for the health of ${other}, which has no check`]
				: [];
		}),
		...(service.volumes ?? [])
			.map(volume => volume.split(":")[0]!)
			.filter(volume => /^\w/.test(volume) && !Object.hasOwn(volumes, volume))
			.map(volume => `${name}: the volume ${volume} is not declared`)
	]);
}

function environmentFaults(file: ComposeFile): string[] {
	return ofShop(file).flatMap(([name, { environment = {} }]) =>
		Object.keys(environment)
			.filter(variable => !knows(variable))
			.map(variable => `${name}: ${variable} is no setting of the shop`)
	);
}

function missingNodes(file: ComposeFile): string[] {
	const run = ofShop(file).flatMap(
		([, { environment }]) => environment?.SERVICES?.split(",") ?? []
	);
	return ["gateway", ...serviceNames]
		.filter(name => !run.includes(name))
		.map(name => `${name}: no container runs it`);
}

/** What is wrong with a compose file, one line each. */
export function composeFaults(file: ComposeFile): string[] {
	return [
		...Object.entries(file.services).flatMap(([name, service]) => [
			...imageFaults(name, service.image),
			// The image of the shop has a check of its own.
			...((service.healthcheck ?? service.build) ? [] : [`${name}: has no health check`]),
			...(service.mem_limit ? [] : [`${name}: has no limit of memory`])
		]),
		...portFaults(file),
		...referenceFaults(file),
		...environmentFaults(file),
		...missingNodes(file)
	];
}
