import { existsSync } from "node:fs";
import { join } from "node:path";
import { EnvironmentError } from "../../config/environment-error.ts";
import { serviceNames, toConfig } from "../../config/index.ts";
import { assertNodeServers } from "../../config/node-servers.ts";
import { readEnvironment } from "../../config/read-environment.ts";
import { variables } from "../../config/env.ts";
import { composePath, ofShop, parseCompose, type ComposeFile } from "./compose-file.ts";
import { containerRules } from "./container-rules.ts";
import type { Path } from "./yaml-lines.ts";

const root = join(import.meta.dirname, "../..");

/** Read by Node, by the image and by the SDK of AWS, not by the shop. */
export const platformVariables = new Set([
	"HOME",
	"NODE_OPTIONS",
	"NODE_EXTRA_CA_CERTS",
	"NODE_COMPILE_CACHE",
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY"
]);

const knows = (name: string) =>
	platformVariables.has(name) || Object.hasOwn(variables, name.replace(/_FILE$/, ""));

/** What is wrong, and where. */
export interface Fault {
	at: Path;
	text: string;
}

const isOneOf = (services: [string, unknown][]) => (name: string) =>
	services.some(([one]) => one === name);

function imageFaults({ services }: ComposeFile): Fault[] {
	const builtHere = new Set(Object.values(services).map(({ image, build }) => build && image));
	return Object.entries(services).flatMap(([name, { image }]) => {
		const at = ["services", name, "image"];
		// A registry may have a port.
		const tag = image.split("/").at(-1)!.split(":")[1];
		if (tag === undefined) return [{ at, text: `${name}: the image ${image} has no tag` }];
		// A tag without a number is moved from version to version: latest, alpine, stable.
		const isPinned = /\d/.test(tag) || builtHere.has(image);
		return isPinned ? [] : [{ at, text: `${name}: the image ${image} is not pinned` }];
	});
}

function limitFaults(file: ComposeFile): Fault[] {
	const isOfShop = isOneOf(ofShop(file));
	return Object.entries(file.services).flatMap(([name, service]) => [
		// The image of the shop has a check of its own.
		...(service.healthcheck || isOfShop(name)
			? []
			: [{ at: ["services", name], text: `${name}: has no health check` }]),
		...(service.mem_limit
			? []
			: [{ at: ["services", name], text: `${name}: has no limit of memory` }])
	]);
}

function portFaults({ services }: ComposeFile): Fault[] {
	const ports = Object.entries(services).flatMap(([name, { ports: own = [] }]) =>
		own.map((port, index) => ({ name, port: String(port), at: ["services", name, "ports", index] }))
	);
	const hostPorts = ports.map(({ port }) => port.split(":").at(-2)!);
	return ports.flatMap(({ name, port, at }, index) => [
		...(port.startsWith("127.0.0.1:")
			? []
			: [{ at, text: `${name}: ${port} is open to other hosts` }]),
		...(hostPorts.indexOf(hostPorts[index]!) < index
			? [{ at, text: `${name}: the port ${hostPorts[index]} is published twice` }]
			: [])
	]);
}

function dependencyFaults(file: ComposeFile): Fault[] {
	const { services } = file;
	const isOfShop = isOneOf(ofShop(file));
	return Object.entries(services).flatMap(([name, { depends_on = {}, profiles = [] }]) =>
		Object.entries(depends_on).flatMap(([other, { condition }]) => {
			const at = ["services", name, "depends_on", other];
			const target = services[other];
			if (!target) return [{ at, text: `${name}: depends on ${other}, which is no service` }];
			const isChecked = target.healthcheck?.test || isOfShop(other);
			if (condition === "service_healthy" && !isChecked)
				return [{ at, text: `${name}: waits for the health of ${other}, which has no check` }];
			// Compose starts no service of a profile for one outside of it.
			const isStarted = !target.profiles || target.profiles.some(one => profiles.includes(one));
			const text = `${name}: depends on ${other}, which runs only with --profile ${target.profiles?.[0]}`;
			return isStarted ? [] : [{ at, text }];
		})
	);
}

function volumeFaults({ services, volumes }: ComposeFile): Fault[] {
	return Object.entries(services).flatMap(([name, service]) =>
		(service.volumes ?? []).flatMap((volume, index) => {
			const at = ["services", name, "volumes", index];
			const source = volume.split(":")[0]!;
			// Docker makes an empty folder of what is missing.
			if (source.startsWith("."))
				return existsSync(join(root, source))
					? []
					: [{ at, text: `${name}: mounts ${source}, which is not there` }];
			const isDeclared = !/^\w/.test(source) || Object.hasOwn(volumes, source);
			return isDeclared ? [] : [{ at, text: `${name}: the volume ${source} is not declared` }];
		})
	);
}

function environmentFaults(file: ComposeFile): Fault[] {
	return ofShop(file).flatMap(([name, { environment = {} }]) =>
		Object.keys(environment)
			.filter(variable => !knows(variable))
			.map(variable => ({
				at: ["services", name, "environment", variable],
				text: `${name}: ${variable} is no setting of the shop`
			}))
	);
}

/** What the shop says of the settings of a container, as its commands do. */
function settingFaults(file: ComposeFile): Fault[] {
	return ofShop(file).flatMap(([name, { environment = {} }]) => {
		const settings = Object.entries(environment).map(([key, value]) => [key, String(value)]);
		try {
			const config = toConfig(readEnvironment(Object.fromEntries(settings)));
			if (environment.SERVICES) assertNodeServers(config);
			else if (!config.databaseUrl)
				throw new EnvironmentError(["DATABASE_URL: is needed by the migration"]);
			return [];
		} catch (error) {
			if (!(error instanceof EnvironmentError)) throw error;
			const at = ["services", name, "environment"];
			return error.lines.map(issue => ({ at, text: `${name}: ${issue}` }));
		}
	});
}

const declared = ["secrets", "configs", "networks"] as const;

function declarationFaults(file: ComposeFile): Fault[] {
	return Object.entries(file.services).flatMap(([name, service]) =>
		declared.flatMap(kind =>
			(service[kind] ?? []).flatMap((other, index) =>
				Object.hasOwn(file[kind] ?? {}, other)
					? []
					: [
							{
								at: ["services", name, kind, index],
								text: `${name}: ${other} is not declared under ${kind}`
							}
						]
			)
		)
	);
}

function missingNodes(file: ComposeFile): Fault[] {
	const run = ofShop(file).flatMap(
		([, { environment }]) => environment?.SERVICES?.split(",") ?? []
	);
	return ["gateway", ...serviceNames]
		.filter(name => !run.includes(name))
		.map(name => ({ at: ["services"], text: `${name}: no container runs it` }));
}

/** Variables of a compose file that an environment may set, each with its line. */
const openVariables = (text: string) =>
	text
		.split("\n")
		.flatMap((line, index) =>
			Array.from(line.matchAll(/\$\{(\w+)/g), ([, name]) => ({ name: name!, line: index + 1 }))
		);

/**
 * Variables that neither are settings of the shop nor are described: a name that is misspelt has its default for ever.
 * @param page text of the documentation that lists them
 */
export const variableFaults = (text: string, page: string): string[] =>
	openVariables(text)
		.filter(({ name }) => !Object.hasOwn(variables, name) && !page.includes(`\`${name}\``))
		.map(({ name, line }) => `${composePath}:${line}: ${name} is described nowhere`);

const rules = [
	imageFaults,
	limitFaults,
	portFaults,
	dependencyFaults,
	volumeFaults,
	environmentFaults,
	settingFaults,
	declarationFaults,
	missingNodes,
	...containerRules
];

/** What is wrong with a compose file, one line each that begins with the file and the line. */
export function composeFaults(text: string): string[] {
	const { value, lineOf } = parseCompose(text);
	return rules
		.flatMap(rule => rule(value))
		.map(({ at, text: fault }) => `${composePath}:${lineOf(at)}: ${fault}`);
}
