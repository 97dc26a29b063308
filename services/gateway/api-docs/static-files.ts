import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import type { docsFiles, Document } from "../../../contracts/gateway.ts";
import { fail } from "../../../lib/errors.ts";

/** Static files: a fixed list, so no request can name a path. */

const types: Record<string, string> = {
	".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".png": "image/png",
	".svg": "image/svg+xml",
	".jpg": "image/jpeg",
	".webp": "image/webp"
};

async function read(path: string): Promise<Document> {
	return { type: types[extname(path)]!, body: await readFile(path) };
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

export function docsPage(): Document {
	return { type: "text/html; charset=utf-8", body: page };
}

/** Our own start of the page, or a file of swagger-ui from the installed package. */
export async function docsFile(file: (typeof docsFiles)[number]): Promise<Document> {
	if (file === "start.js") return read(join(import.meta.dirname, "page/start.js"));
	const require = createRequire(import.meta.url);
	return read(require.resolve(`swagger-ui-dist/${file}`));
}

/** Serves the images of a folder; the list is read once. */
export class Images {
	readonly #paths: ReadonlyMap<string, string>;

	constructor(folder: string) {
		const names = readdirSync(folder).filter(name => types[extname(name)]);
		this.#paths = new Map(names.map(name => [name, join(folder, name)]));
	}

	/** @throws NOT_FOUND */
	async get(name: string): Promise<Document> {
		return read(this.#paths.get(name) ?? fail("NOT_FOUND"));
	}
}
