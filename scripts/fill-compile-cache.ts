import { readdirSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Imports what a node imports, so that NODE_COMPILE_CACHE has all of it: an image is built once and started often. */

const root = join(import.meta.dirname, "..");
const services = readdirSync(join(root, "services")).map(
	name => `services/${name}/${name}.service.ts`
);

for (const path of ["launch/shop/broker.ts", "config/node-servers.ts", ...services])
	await import(pathToFileURL(join(root, path)).href);
flushCompileCache();
process.exit(0);
