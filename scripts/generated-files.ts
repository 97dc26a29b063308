import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncApiDocument } from "../services/gateway/api-docs/asyncapi.ts";
import { openApiDocument } from "../services/gateway/api-docs/openapi.ts";
import { envExample } from "./env-example.ts";
import { generateImages } from "./images.ts";
import { orderStates, replaceBetween } from "./order-states.ts";

const root = join(import.meta.dirname, "..");

/** The text of a file of this tree; empty when there is none. */
export function read(path: string): string | undefined {
	try {
		return readFileSync(join(root, path), "utf8");
	} catch {
		return undefined;
	}
}

/** Committed file → its expected text. db/schema.sql needs a server and is checked by its own test. */
export const generated: Readonly<Record<string, () => string>> = {
	...Object.fromEntries(Array.from(generateImages(), ([path, text]) => [path, () => text])),
	".env.example": envExample,
	"docs/asyncapi.json": () => `${JSON.stringify(asyncApiDocument(), null, "\t")}\n`,
	"docs/openapi.json": () => `${JSON.stringify(openApiDocument(), null, "\t")}\n`,
	"README.md": () => replaceBetween(read("README.md") ?? "", "order states", orderStates())
};

/** The stale files. */
export function stale(current: (path: string) => string | undefined): string[] {
	return Object.keys(generated).filter(path => current(path) !== generated[path]!());
}
