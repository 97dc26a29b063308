import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../cli/test/requirements.ts";

const execute = promisify(execFile);

/** Of its own: a first installation takes about a minute. */
export const installWithinMs = 300_000;

/**
 * The folder of a Python environment in the cache, into which pip puts a package once. It was moved there when it was
 * complete, so what it holds is run by its `bin/python3`: the scripts beside it name another path.
 * @param wanted as pip takes it, with its version
 */
export async function pythonVenv(name: string, wanted: string): Promise<string> {
	const venv = join(cacheFolder, name);
	if (existsSync(join(venv, "bin/python3"))) return venv;
	const folder = `${venv}-${process.pid}`;
	mkdirSync(folder, { recursive: true });
	try {
		await execute("python3", ["-m", "venv", folder]);
		const pip = join(folder, "bin/pip");
		await execute(pip, ["install", "-q", wanted], { timeout: installWithinMs });
		rmSync(venv, { recursive: true, force: true });
		renameSync(folder, venv);
	} catch (error) {
		rmSync(folder, { recursive: true, force: true });
		throw new Error(`${wanted} from PyPI cannot be installed: is there Python with venv?`, {
			cause: error
		});
	}
	return venv;
}
