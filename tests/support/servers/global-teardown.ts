import { rmSync } from "node:fs";
import { globalServers } from "./global-servers.ts";

export default async function teardown(): Promise<void> {
	for (const server of globalServers.servers.reverse()) await server.stop();
	rmSync(globalServers.folder, { recursive: true, force: true });
}
