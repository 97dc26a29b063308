import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { checksum, type Checksums } from "../../../scripts/release/checksums.ts";
import type { ContractSnapshot } from "../../../scripts/release/contract-snapshot.ts";
import { archiveName, releases } from "../../../scripts/release/released.ts";

export interface Release {
	version: string;
	contracts: ContractSnapshot;
	checksums: Checksums;
	/** Path of the archive with what its image has. */
	archive: string;
}

const numbers = (version: string) => version.split(".").map(Number);

/** Negative when `a` is before `b`. */
function compareVersions(a: string, b: string): number {
	const [left, right] = [numbers(a), numbers(b)];
	return left.map((number, n) => number - right[n]!).find(difference => difference !== 0) ?? 0;
}

/** The versions of the folder `releases`, the oldest first. */
const releasedVersions = (): string[] =>
	readdirSync(releases)
		.filter(name => /^\d+\.\d+\.\d+$/.test(name))
		.toSorted(compareVersions);

/** @throws Error when a file of the release is missing or its archive was changed */
function readRelease(version: string): Release {
	const folder = join(releases, version);
	const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
	const { [archiveName]: sum, ...checksums } = json("checksums.json") as Checksums;
	const archive = join(folder, archiveName);
	if (checksum(readFileSync(archive)) !== sum)
		throw new Error(`${archive} was changed: it has not the checksum of checksums.json`);
	return { version, contracts: json("contracts.json") as ContractSnapshot, checksums, archive };
}

/** The newest release before the version of this tree. @throws Error when there is none, or a file of it is missing or changed */
export function lastRelease(): Release {
	const former = releasedVersions().filter(
		version => compareVersions(version, manifest.version) < 0
	);
	const newest = former.at(-1);
	if (newest === undefined)
		throw new Error(`releases/ has no version before ${manifest.version}: restore the last one`);
	return readRelease(newest);
}
