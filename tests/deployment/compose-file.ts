import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export interface ComposeService {
	image: string;
	build?: string;
	command?: string[];
	environment?: Record<string, string>;
	ports?: string[];
	volumes?: string[];
	depends_on?: Record<string, { condition: string }>;
	healthcheck?: { test?: string[]; disable?: boolean };
	mem_limit?: string;
	profiles?: string[];
	read_only?: boolean;
	restart?: string;
}

export interface ComposeFile {
	services: Record<string, ComposeService>;
	volumes: Record<string, unknown>;
}

const variable = /\$\{(\w+):-([^}]*)\}/g;

/** The compose file with its defaults, as `docker compose config` shows it. @throws Error for a variable without one */
export function readCompose(
	text = readFileSync(join(import.meta.dirname, "../../docker-compose.yml"), "utf8")
): ComposeFile {
	const resolved = text.replaceAll(variable, (_, _name, fallback: string) => fallback);
	const open = /^.*\$[{\w].*$/m.exec(resolved);
	if (open) throw new Error(`a variable without a default: ${open[0].trim()}`);
	return parse(resolved, { merge: true }) as ComposeFile;
}

/** The services that are nodes of the shop, or a command of it. */
export const ofShop = ({ services }: ComposeFile): [string, ComposeService][] =>
	Object.entries(services).filter(([, { build }]) => build !== undefined);
