import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { lastRelease, type Release } from "./last-release.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { differingPackages } from "./packages.ts";

const root = join(import.meta.dirname, "../../..");

export interface UnpackedRelease extends Release {
	/** The folder with its source, where its commands run. */
	tree: string;
}

export const installsWithinMs = 300_000;

const lockOf = (tree: string) => JSON.parse(readFileSync(join(tree, "package-lock.json"), "utf8"));

/**
 * The last release, ready to run. It shares the packages of this tree, or gets its own from the registry where it had other
 * versions of them.
 */
export function unpackRelease(): UnpackedRelease {
	const release = lastRelease();
	const tree = temporaryFolder();
	execFileSync("tar", ["-xzf", release.archive, "-C", tree]);
	const differing = differingPackages(lockOf(tree), lockOf(root));
	if (differing.length === 0) {
		symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
		return { ...release, tree };
	}
	console.log(`${release.version} has other packages, which npm installs: ${differing.join(", ")}`);
	const args = "ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline".split(" ");
	execFileSync("npm", args, {
		cwd: tree,
		stdio: ["ignore", "ignore", "inherit"],
		timeout: installsWithinMs
	});
	return { ...release, tree };
}
