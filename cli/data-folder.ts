import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LaunchError } from "./launch-error.ts";
import { stopOrphans } from "./orphans.ts";

/** Where one shop keeps what it embeds and generates. Nothing else may live under these names. */
export class DataFolder {
	readonly path: string;

	constructor(path: string) {
		this.path = resolve(path);
		mkdirSync(this.path, { recursive: true });
	}

	get postgres(): string {
		return join(this.path, "postgres");
	}

	get tokenKey(): string {
		return join(this.path, "token-key.pem");
	}

	/** How the REPL finds a cluster that runs here. */
	get clusterFile(): string {
		return join(this.path, "cluster.json");
	}

	/**
	 * Keeps every other launcher out; answers how to let it in again. The lock is SQLite's, so the
	 * system itself drops it when this process dies: no pid to compare, nothing stale to clear.
	 * @throws LaunchError when a live process holds it
	 */
	lock(): () => void {
		const database = new DatabaseSync(join(this.path, "lock"));
		try {
			database.exec("begin exclusive");
		} catch {
			throw new LaunchError(
				`A shop already runs on ${this.path}: stop it first, or set DATA_DIR to another folder.`
			);
		}
		return () => database.close();
	}

	/** Removes the embedded database, the simulator's ledger and the keys. Needs the lock. */
	async empty(): Promise<void> {
		await stopOrphans(this.postgres, "SIGQUIT");
		const names = ["postgres", "postgres.unfinished", "postgres.password", "postgres.log"];
		for (const name of [...names, "token-key.pem", "psp-ledger.jsonl", "nats.conf", "nats.log"])
			rmSync(join(this.path, name), { recursive: true, force: true });
	}
}
