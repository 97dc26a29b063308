import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseLined, type Lined } from "./yaml-lines.ts";

export interface ComposeService {
	image: string;
	build?: { context: string; args?: Record<string, string> };
	command?: string[];
	environment?: Record<string, string>;
	ports?: string[];
	volumes?: string[];
	depends_on?: Record<string, { condition: string }>;
	healthcheck?: { test?: string[]; disable?: boolean };
	mem_limit?: string;
	profiles?: string[];
	read_only?: boolean;
	init?: boolean;
	privileged?: boolean;
	user?: string;
	cap_drop?: string[];
	cap_add?: string[];
	security_opt?: string[];
	tmpfs?: string[];
	stop_grace_period?: string;
	env_file?: string | string[];
	secrets?: string[];
	configs?: string[];
	networks?: string[];
	restart?: string;
	logging?: { driver: string; options: Record<string, string> };
}

export interface ComposeFile {
	services: Record<string, ComposeService>;
	volumes: Record<string, unknown>;
	secrets?: Record<string, { file?: string } | null>;
	configs?: Record<string, unknown>;
	networks?: Record<string, unknown>;
}

export const composePath = "docker-compose.yml";

export const composeText = () =>
	readFileSync(join(import.meta.dirname, "../..", composePath), "utf8");

const variable = /\$\{(\w+):-([^}]*)\}/g;

/** The compose file with its defaults, as `docker compose config` shows it. @throws Error for a variable without one */
export function parseCompose(text: string): Lined<ComposeFile> {
	const resolved = text.replaceAll(variable, (_, _name, fallback: string) => fallback);
	const open = resolved.split("\n").findIndex(line => /^[^#]*\$[{\w]/.test(line));
	if (open >= 0) throw new Error(`${composePath}:${open + 1}: a variable has no default`);
	return parseLined<ComposeFile>(resolved);
}

export const readCompose = (): ComposeFile => parseCompose(composeText()).value;

/** The services that are nodes of the shop, or a command of it: those with the image that is built here. */
export function ofShop({ services }: ComposeFile): [string, ComposeService][] {
	const all = Object.entries(services);
	const built = all.filter(([, { build }]) => build).map(([, { image }]) => image);
	return all.filter(([, { image }]) => built.includes(image));
}

/** The services of the shop that go on running. */
export const shopNodes = (file: ComposeFile): [string, ComposeService][] =>
	ofShop(file).filter(([, { environment }]) => environment?.SERVICES !== undefined);
