import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { LaunchError } from "../../launch/process/launch-error.ts";

const execute = promisify(execFile);

/** The version with which the scripts were run. */
const wanted = "go.k6.io/k6@v1.8.1";
/** One that is built with flags of its own, as tests do, does not take the place of the usual one. */
const flags = process.env.GOFLAGS ? "with-goflags" : "";
export const builtK6 = join(import.meta.dirname, "../../.cache/k6", flags, "k6");
/** A first build takes two minutes on two cores, and longer on a busy machine. */
const buildWithinMs = 900_000;

const works = (program: string, ...args: string[]): Promise<boolean> =>
	execute(program, args, { timeout: 30_000 }).then(
		() => true,
		() => false
	);

async function build(): Promise<void> {
	const folder = join(dirname(builtK6), `build-${process.pid}`);
	mkdirSync(folder, { recursive: true });
	try {
		await execute("go", ["install", wanted], {
			env: { ...process.env, CGO_ENABLED: "0", GOBIN: folder },
			timeout: buildWithinMs
		});
		renameSync(join(folder, "k6"), builtK6);
	} catch (error) {
		const [line] =
			(error as Error & { stderr?: string }).stderr?.trim().split("\n").slice(-1) ?? [];
		throw new LaunchError(
			`Go could not build ${wanted} (${line ?? (error as Error).message}): put a k6 on PATH, see https://grafana.com/docs/k6/latest/set-up/install-k6/.`
		);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * The k6 on PATH, the one that was built before, or one that Go builds now.
 * @throws LaunchError that says how to get one
 */
export async function k6Program(progress: (step: string) => void): Promise<string> {
	if (await works("k6", "version")) return "k6";
	if (existsSync(builtK6) && (await works(builtK6, "version"))) return builtK6;
	if (!(await works("go", "version")))
		throw new LaunchError(
			"There is no k6 here, and no Go that could build one: see https://grafana.com/docs/k6/latest/set-up/install-k6/."
		);
	progress(`building ${wanted} with Go (once, some minutes)`);
	await build();
	return builtK6;
}
