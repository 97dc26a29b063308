import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LaunchError, notWritableMessage } from "../process/launch-error.ts";
import { stopOrphans } from "../process/orphans.ts";

/** https://sqlite.org/rescode.html; the upper bits only distinguish kinds of it. */
const isBusy = ({ errcode = 0 }: { errcode?: number }) => (errcode & 0xff) === 5;

/** A command that only looks whether it is locked holds it for less. */
const lookMs = 200;

function makeFolder(path: string): void {
	try {
		mkdirSync(path, { recursive: true });
	} catch (error) {
		const { code = "" } = error as NodeJS.ErrnoException;
		// On a read-only file system Node says ENOENT of a folder's parent.
		if (code === "EROFS" || code === "ENOENT")
			throw new LaunchError(
				`${path} cannot be created (${code}): set DATA_DIR to a folder that this user can write to.`
			);
		if (!["EEXIST", "ENOTDIR"].includes(code)) throw error;
		throw new LaunchError(
			`${path} cannot be created: a file with this name exists: set DATA_DIR to another one.`
		);
	}
}

/** Takes the lock at this path. @throws the error of SQLite */
function openLocked(path: string, waitMs = 0): DatabaseSync {
	const database = new DatabaseSync(path, { timeout: waitMs });
	try {
		database.exec("begin exclusive");
		return database;
	} catch (error) {
		database.close();
		throw error;
	}
}

/** Files that a shop embeds or generates. Nothing else may use these names. */
export class DataFolder {
	readonly path: string;

	constructor(path: string) {
		makeFolder(resolve(path));
		// By one name, by which servers of a killed launcher are found (process/orphans.ts).
		this.path = realpathSync(path);
	}

	get postgres(): string {
		return join(this.path, "postgres");
	}

	get tokenKey(): string {
		return join(this.path, "token-key.pem");
	}

	/** Says what runs on this folder (running-shop.ts). */
	get runFile(): string {
		return join(this.path, "running.json");
	}

	/** Of a shop without a bus (operator-socket.ts). */
	get socket(): string {
		return join(this.path, "operator.sock");
	}

	/** Whether a live process holds the lock. */
	isLocked(): boolean {
		try {
			openLocked(this.#lockFile).close();
			return false;
		} catch (error) {
			return isBusy(error as object);
		}
	}

	get #lockFile(): string {
		return join(this.path, "lock");
	}

	/**
	 * Locks out other launchers; returns the function that unlocks. The lock is SQLite's, so the system
	 * drops it when this process dies: no pid to compare, nothing stale to clear.
	 * @throws LaunchError when a live process holds it, or it cannot be written
	 */
	lock(what = "shop"): () => void {
		const file = this.#lockFile;
		try {
			const database = openLocked(file, lookMs);
			// The process that wrote it held the lock, and has ended.
			rmSync(this.runFile, { force: true });
			return () => database.close();
		} catch (error) {
			throw new LaunchError(
				isBusy(error as object)
					? `A ${what} already runs on ${this.path}: stop it first, or set DATA_DIR to another folder.`
					: notWritableMessage(file, (error as Error).message)
			);
		}
	}

	/** Deletes the embedded database, the simulator's ledger and the keys. Needs the lock. */
	async empty(): Promise<void> {
		await stopOrphans({ program: "postgres", argument: this.postgres }, "SIGQUIT");
		const names = ["postgres", "postgres.unfinished", "postgres.password", "postgres.log"];
		for (const name of [...names, "token-key.pem", "psp-ledger.jsonl", "nats.conf", "nats.log"])
			rmSync(join(this.path, name), { recursive: true, force: true });
	}
}
