import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { commandLine, usageError } from "../launch/process/command-line.ts";
import manifest from "../package.json" with { type: "json" };
// Sets the configuration to its defaults, which the API description depends on.
import "./generated-files.ts";
import { checksum, frozenChecksums } from "./release/checksums.ts";
import { contractSnapshot } from "./release/contract-snapshot.ts";
import { archiveName, releases } from "./release/released.ts";

const usage = `Usage: npm run release
Writes releases/<version of package.json>/ from the last commit: the contracts, the source that an image has, and
checksums. Later versions are compared with it, and run beside it in tests.`;

const root = join(import.meta.dirname, "..");
const git = (...args: string[]) =>
	execFileSync("git", args, { cwd: root, maxBuffer: 100 * 1024 * 1024 });

/** What .dockerignore lets into an image, as pathspecs of git; tests are left out by it too. */
function pathspecs(): string[] {
	const lines = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
	const taken = lines.filter(line => line.startsWith("!")).map(line => line.slice(1));
	const left = lines.filter(line => /^[\w*]/.test(line) && line !== "*");
	return [...taken, ...left.map(pattern => `:(exclude,glob)${pattern}`)];
}

/** Settings of git that change the bytes of an archive. */
const sameEverywhere = ["-c", "tar.umask=0022", "-c", "core.autocrlf=false"];

/** The same bytes for the same commit: times are those of the commit, files belong to root. */
const sourceArchive = (): Buffer =>
	gzipSync(git(...sameEverywhere, "archive", "--format=tar", "HEAD", "--", ...pathspecs()), {
		level: 9
	});

commandLine(usage, {});

const { version } = manifest;
const folder = join(releases, version);
if (existsSync(folder))
	usageError(usage, `releases/${version} is there: raise the version of package.json.`);
if (git("status", "--porcelain").length > 0)
	usageError(usage, "Files are changed or new: commit them first, so that a commit is released.");
const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
if (
	!new RegExp(`^## \\[${version.replaceAll(".", "\\.")}\\] - \\d{4}-\\d\\d-\\d\\d$`, "m").test(
		changelog
	)
)
	usageError(
		usage,
		`CHANGELOG.md has no date for ${version}: "## [${version}] - <year-month-day>".`
	);

const asJson = (value: unknown) => `${JSON.stringify(value, null, "\t")}\n`;
const archive = sourceArchive();
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, archiveName), archive);
writeFileSync(join(folder, "contracts.json"), asJson(contractSnapshot(version)));
writeFileSync(
	join(folder, "checksums.json"),
	asJson({ [archiveName]: checksum(archive), ...frozenChecksums() })
);
console.log(`Wrote releases/${version}. Commit it with the tag v${version}.`);
