import { rmSync } from "node:fs";
import { started } from "./global-servers.ts";

export default async function teardown(): Promise<void> {
	for (const server of started.servers.reverse()) await server.stop();
	rmSync(started.folder, { recursive: true, force: true });
}
