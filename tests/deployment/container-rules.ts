import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ofShop, type ComposeFile, type ComposeService } from "./compose-file.ts";
import type { Fault } from "./compose-rules.ts";

/** Whether the containers of a compose file can work, and have no more rights than they need. */

const root = join(import.meta.dirname, "../..");

/** What a node takes to stop at the longest (docs/decisions/0029), with the usual SHUTDOWN_DELAY_MS. */
const longestStopS = 25;
/** Where the image of the shop listens (Dockerfile). */
const shopPort = "8080";

/** Reads the log files of Docker, which belong to root. */
const rootUsers = new Set(["log-collector"]);

type Rule = (file: ComposeFile) => Fault[];

const each =
	(
		find: (name: string, service: ComposeService) => (readonly [key: string, text: string])[]
	): Rule =>
	({ services }) =>
		Object.entries(services).flatMap(([name, service]) =>
			find(name, service).map(([key, text]) => ({
				at: ["services", name, ...(key ? [key] : [])],
				text: `${name}: ${text}`
			}))
		);

/** Compose would build the image for each of them at the same time, which fails on a machine that does not have it. */
const buildFaults: Rule = ({ services }) => {
	const built = new Set<string>();
	return Object.entries(services).flatMap(([name, { image, build }]) => {
		if (!build) return [];
		const isFirst = built.size < built.add(image).size;
		const at = ["services", name, "build"];
		return isFirst ? [] : [{ at, text: `${name}: ${image} is built by another service too` }];
	});
};

const rightsFaults = each((name, service) => [
	...(service.read_only === undefined ? ([["", "does not say read_only"]] as const) : []),
	...(service.cap_drop?.includes("ALL") ? [] : ([["cap_drop", "keeps capabilities"]] as const)),
	...(service.security_opt?.includes("no-new-privileges:true")
		? []
		: ([["security_opt", "may gain privileges"]] as const)),
	...(service.privileged ? ([["privileged", "is privileged"]] as const) : []),
	...(/^(root|0)(:|$)/.test(service.user ?? "") && !rootUsers.has(name)
		? ([["user", "runs as root"]] as const)
		: [])
]);

/** An init process of root passes a signal on to a server of another user only with this capability. */
const signalFaults = each((_, { init, cap_add = [] }) =>
	init && cap_add.includes("SETUID") && !cap_add.includes("KILL")
		? [["cap_add", "its server becomes another user, which needs KILL to be stopped"]]
		: []
);

const secondsOf = (duration = "10s") => Number(/^(\d+)s$/.exec(duration)?.[1] ?? NaN);

const shopFaults: Rule = file =>
	ofShop(file).flatMap(([name, service]) => {
		const { environment = {}, volumes = [], tmpfs = [], stop_grace_period, read_only } = service;
		const isMounted = (path: string) => volumes.some(volume => volume.split(":")[1] === path);
		const { DATA_DIR } = environment;
		const fault = (key: string, text: string) => ({
			at: ["services", name, key],
			text: `${name}: ${text}`
		});
		return [
			...(read_only && DATA_DIR && !isMounted(DATA_DIR)
				? [fault("volumes", `nothing is mounted at ${DATA_DIR}, its DATA_DIR`)]
				: []),
			...(read_only && !tmpfs.includes("/tmp") ? [fault("tmpfs", "it cannot write to /tmp")] : []),
			...(secondsOf(stop_grace_period) >= longestStopS
				? []
				: [fault("stop_grace_period", `it is killed before ${longestStopS} s are over`)])
		];
	});

/** Files of this tree that a service is given, such as its configuration. */
const mountedFiles = ({ volumes = [] }: ComposeService): string[] =>
	volumes
		.map(volume => volume.split(":")[0]!)
		.filter(source => source.startsWith("."))
		.map(source => join(root, source))
		.filter(path => statSync(path, { throwIfNoEntry: false })?.isFile())
		.map(path => readFileSync(path, "utf8"));

/** The ports that the rest of a service's definition, its configuration, or the address of others names. */
function knownPorts(file: ComposeFile, name: string): string {
	const service = file.services[name]!;
	const own = Object.entries(service).filter(([key]) => key !== "ports" && key !== "healthcheck");
	const addresses = JSON.stringify(file).matchAll(new RegExp(`\\b${name}:(\\d+)`, "g"));
	const isShop = ofShop(file).some(([one]) => one === name);
	return [
		JSON.stringify(own),
		...mountedFiles(service),
		...Array.from(addresses, ([, port]) => port!),
		isShop ? shopPort : ""
	].join(" ");
}

const portFaults: Rule = file =>
	Object.entries(file.services).flatMap(([name, { ports = [], healthcheck }]) => {
		const known = knownPorts(file, name);
		const knows = (port: string) => new RegExp(`\\b${port}\\b`).test(known);
		const checked = Array.from(
			(healthcheck?.test ?? []).join(" ").matchAll(/(?:127\.0\.0\.1|localhost):(\d+)/g),
			([, port]) => port!
		);
		const published = ports.map(port => port.split(":").at(-1)!);
		return [
			...checked
				.filter(port => !knows(port) && !published.includes(port))
				.map(port => ({
					at: ["services", name, "healthcheck"],
					text: `${name}: its health check is at ${port}, where nothing is said to listen`
				})),
			...published
				.map((port, index) => ({ port, at: ["services", name, "ports", index] }))
				.filter(({ port }) => !knows(port) && !checked.includes(port))
				.map(({ port, at }) => ({
					at,
					text: `${name}: nothing is said to listen at the port ${port}, which is published`
				}))
		];
	});

const fileFaults: Rule = ({ services, secrets = {} }) => {
	const isThere = (file: string) => existsSync(join(root, file));
	return [
		...Object.entries(secrets).flatMap(([name, secret]) =>
			!secret?.file || isThere(secret.file)
				? []
				: [{ at: ["secrets", name], text: `the secret ${name}: ${secret.file} is not there` }]
		),
		...Object.entries(services).flatMap(([name, { env_file = [] }]) =>
			[env_file]
				.flat()
				.filter(file => !isThere(file))
				.map(file => ({
					at: ["services", name, "env_file"],
					text: `${name}: ${file} is not there`
				}))
		)
	];
};

export const containerRules: readonly Rule[] = [
	buildFaults,
	rightsFaults,
	signalFaults,
	shopFaults,
	portFaults,
	fileFaults
];
