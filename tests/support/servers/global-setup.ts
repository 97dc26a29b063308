import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../../launch/servers/embedded-postgres.ts";
import { startNats } from "../../../launch/servers/nats-server.ts";
import { makeTemplate } from "./database.ts";
import { globalServers } from "./global-servers.ts";

const progress = (step: string) => process.stderr.write(`tests: ${step}\n`);

/** Starts the servers that system tests need, unless the environment names them. */
export default async function setup(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "shop-tests-"));
	const onCrash = (reason: string) => progress(reason);
	globalServers.folder = folder;
	process.env.TEST_FOLDER = folder;
	if (!process.env.TEST_DATABASE_URL) {
		const directory = join(folder, "postgres");
		const server = await startPostgres({ directory, connections: 200, progress, onCrash });
		globalServers.servers.push(server);
		process.env.TEST_DATABASE_URL = server.url;
	}
	if (!process.env.TEST_NATS_URL) {
		const server = await startNats({ directory: folder, progress, onCrash });
		globalServers.servers.push(server);
		process.env.TEST_NATS_URL = server.url;
	}
	process.env.TEST_TEMPLATE = await makeTemplate();
}
