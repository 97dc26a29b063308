import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** What never changes once it is released: the migrations, and an event of each version. */
const frozen = ["**/migrations/*.sql", "contracts/golden/*.json"];
const foreign = /^(node_modules|\.shop|\.cache|\.git)(\/|$)/;

/** File → SHA-256 of its content in hex. */
export type Checksums = Record<string, string>;

export const checksum = (content: string | Buffer) =>
	createHash("sha256").update(content).digest("hex");

/** Those of the files of this tree that never change once they are released. */
export function frozenChecksums(): Checksums {
	const paths = globSync(frozen, { cwd: root, exclude: path => foreign.test(path) });
	const entries = paths
		.toSorted()
		.map(path => [path, checksum(readFileSync(join(root, path)))] as const);
	return Object.fromEntries(entries);
}
