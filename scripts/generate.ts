import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { commandLine } from "../launch/process/command-line.ts";
import { missingExamples } from "../services/gateway/api-docs/examples.ts";
import { openApiDocument } from "../services/gateway/api-docs/openapi.ts";
import { startPostgres } from "../launch/servers/embedded-postgres.ts";
import { dumpFreshSchema } from "./dump-schema.ts";
import { firstGolden, generated, read, stale } from "./generated-files.ts";

const usage = `Usage: npm run generate [-- --check]
Writes every generated file (CONTRIBUTING.md lists them), and the golden files that are missing.
  --check   only list the stale ones, and exit 1 if there is one; db/schema.sql is left to its own test`;

const root = join(import.meta.dirname, "..");

/** Dumps from TEST_DATABASE_URL's server, else from a temporary one. */
async function schema(): Promise<string> {
	if (process.env.TEST_DATABASE_URL) return dumpFreshSchema(process.env.TEST_DATABASE_URL);
	const folder = mkdtempSync(join(tmpdir(), "schema-"));
	const server = await startPostgres({
		directory: join(folder, "postgres"),
		connections: 10,
		progress: console.log,
		onCrash: console.error
	});
	try {
		return await dumpFreshSchema(server.url);
	} finally {
		await server.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

function write(path: string, content: string): void {
	if (read(path) === content) return;
	mkdirSync(dirname(join(root, path)), { recursive: true });
	writeFileSync(join(root, path), content);
	console.log(`wrote ${path}`);
}

const { values } = commandLine(usage, { check: { type: "boolean" } });

function check(): void {
	const found = stale(read);
	for (const path of found) console.error(`${path} is stale: run npm run generate`);
	process.exitCode = found.length > 0 ? 1 : 0;
}

async function generate(): Promise<void> {
	const unstated = missingExamples(openApiDocument());
	for (const name of unstated) console.error(`no example is stated: ${name}`);
	if (unstated.length > 0) {
		console.error("State them in services/gateway/api-docs/example-values.ts");
		process.exitCode = 1;
		return;
	}
	for (const [path, content] of Object.entries(firstGolden))
		if (read(path) === undefined) write(path, content());
	for (const [path, content] of Object.entries(generated)) write(path, content());
	write("db/schema.sql", await schema());
}

if (values.check) check();
else void generate();
