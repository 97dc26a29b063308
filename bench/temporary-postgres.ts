import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lifecycle } from "../launch/process/lifecycle.ts";
import { startPostgres, type PostgresServer } from "../launch/servers/embedded-postgres.ts";

/** A Postgres in a folder of its own; both are gone at the end of the process. @throws LaunchError */
export async function startBenchPostgres(
	life: Lifecycle
): Promise<{ folder: string; postgres: PostgresServer }> {
	const folder = mkdtempSync(join(tmpdir(), "shop-bench-"));
	life.atEnd(() => rmSync(folder, { recursive: true, force: true }));
	const onCrash = (reason: string) => void life.fail(new Error(reason));
	const directory = join(folder, "postgres");
	const callbacks = { progress: () => undefined, onCrash };
	const postgres = await startPostgres({ directory, connections: 150, ...callbacks });
	life.atEnd(() => postgres.stop());
	return { folder, postgres };
}
