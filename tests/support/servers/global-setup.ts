import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagedPostgres } from "../../../launch/servers/packaged-postgres.ts";
import { startPostgres } from "../../../launch/servers/embedded-postgres.ts";
import { startNats } from "../../../launch/servers/nats-server.ts";
import { makeTemplate, switchOffFsync } from "./database.ts";
import { globalServers } from "./global-servers.ts";

const progress = (step: string) => process.stderr.write(`tests: ${step}\n`);

/** The Postgres of the system's packages, if TEST_POSTGRES asks for it. */
function packaged() {
	if (process.env.TEST_POSTGRES !== "packaged") return undefined;
	const found = packagedPostgres();
	if (!found) throw new Error("no Postgres is installed as a package");
	progress(`Postgres ${found.major} as it is installed in ${found.bin}`);
	return found;
}

/** Starts the servers that system tests need, unless the environment names them. */
export default async function setup(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "shop-tests-"));
	const onCrash = (reason: string) => progress(reason);
	globalServers.folder = folder;
	process.env.TEST_FOLDER = folder;
	if (!process.env.TEST_DATABASE_URL) {
		const directory = join(folder, "postgres");
		const options = { directory, connections: 200, packaged: packaged(), progress, onCrash };
		const server = await startPostgres(options);
		globalServers.servers.push(server);
		process.env.TEST_DATABASE_URL = server.url;
		// Its data ends with the tests; those that crash a Postgres start one of their own.
		await switchOffFsync();
	}
	if (!process.env.TEST_NATS_URL) {
		const server = await startNats({ directory: folder, progress, onCrash });
		globalServers.servers.push(server);
		process.env.TEST_NATS_URL = server.url;
	}
	process.env.TEST_TEMPLATE = await makeTemplate();
}
