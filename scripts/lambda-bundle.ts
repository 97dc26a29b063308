import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { zipSync } from "fflate";

const root = join(import.meta.dirname, "..");

/** Moleculer and pg load some modules only when they are used. ES modules have no `require` for that. */
const requireOfModules =
	'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** A fixed time, so that the same source gives the same bytes. ZIP has no time before 1980. */
const mtime = new Date("1980-01-01T00:00:00");

export interface Bundle {
	/** The module, with everything that it imports. */
	code: Uint8Array;
	/** What AWS Lambda takes: the module, as `index.mjs`. */
	zip: Uint8Array;
	/** Bytes in the module by package, the largest first; the shop's own files are `own`. */
	packages: [name: string, bytes: number][];
}

function packagesOf({ outputs }: Metafile): Bundle["packages"] {
	const bytes = new Map<string, number>();
	for (const { inputs } of Object.values(outputs))
		for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
			const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "own";
			bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
		}
	return [...bytes].sort(([, a], [, b]) => b - a);
}

/** Bundles the notification function (lambda/index.ts), for Node 22.19 and newer. @throws esbuild's errors */
export async function bundleFunction(): Promise<Bundle> {
	const { outputFiles, metafile } = await build({
		absWorkingDir: root,
		entryPoints: ["lambda/index.ts"],
		outfile: "index.mjs",
		bundle: true,
		write: false,
		metafile: true,
		minify: true,
		// Moleculer and errors are known by the names of their classes.
		keepNames: true,
		platform: "node",
		format: "esm",
		target: "node22",
		legalComments: "none",
		logLevel: "error",
		banner: { js: requireOfModules }
	});
	const code = outputFiles[0]!.contents;
	const license = readFileSync(join(root, "LICENSE"));
	const zip = zipSync({ "index.mjs": code, LICENSE: license }, { level: 9, mtime });
	return { code, zip, packages: packagesOf(metafile) };
}
