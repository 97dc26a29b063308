import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { kustomizeProgram } from "../../cli/test/requirements.ts";
import { quickGoBuild } from "../support/go-build.ts";
import { onceFor } from "./build-lock.ts";

/** Needs no newer Go than that of Debian 12, and renders the same as later ones. */
const wanted = "sigs.k8s.io/kustomize/kustomize/v5@v5.0.3";

/** A first build takes about a minute of processor time. */
export const buildWithinMs = 600_000;

const succeeds = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

function build(): void {
	const folder = join(dirname(kustomizeProgram), `build-${process.pid}`);
	mkdirSync(folder, { recursive: true });
	try {
		execFileSync("go", ["install", wanted], {
			env: { ...process.env, ...quickGoBuild, GOBIN: folder },
			stdio: "pipe",
			timeout: buildWithinMs
		});
		renameSync(join(folder, "kustomize"), kustomizeProgram);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** What renders a folder of manifests: kubectl, kustomize, or one that Go builds once. @throws Error of the build */
function renderer(): [program: string, command: string] {
	if (succeeds("kubectl", "version", "--client")) return ["kubectl", "kustomize"];
	if (succeeds("kustomize", "version")) return ["kustomize", "build"];
	onceFor(kustomizeProgram, build, buildWithinMs);
	return [kustomizeProgram, "build"];
}

let found: ReturnType<typeof renderer> | undefined;

/** The rendered YAML of a folder. @throws Error with what kustomize says */
export function kustomize(folder: string): string {
	const [program, command] = (found ??= renderer());
	const { status, stdout, stderr } = spawnSync(program, [command, folder], {
		encoding: "utf8",
		maxBuffer: 2 ** 26
	});
	if (status !== 0) throw new Error(stderr.trim());
	return stdout;
}
