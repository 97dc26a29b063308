import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Files } from "./modules.rules.ts";

/** What git has of a root of Terraform, or would add. */
export function filesOf(root: string): Files {
	const top = join(import.meta.dirname, "../../terraform", root);
	const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
	const paths = execFileSync("git", args, { cwd: top }).toString().trim().split("\n");
	return Object.fromEntries(paths.map(path => [path, readFileSync(join(top, path), "utf8")]));
}
