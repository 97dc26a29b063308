import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { LaunchError } from "../process/launch-error.ts";
import { download } from "./download.ts";

const registry = "https://repo1.maven.org/maven2";
const attempts = 3;
const atOnce = 8;

export interface MavenJars {
	/** Lines of `sha256sum`, as scripts/update-jars.ts writes them. */
	list: string;
	/** The folder that keeps them. */
	cache: string;
	/** What to do instead, as the end of a sentence. */
	remedy: string;
	/** Called before the first download, if there is one. */
	onDownload(): void;
}

async function checkedJar(path: string, sha256: string): Promise<Buffer> {
	const jar = await download(`${registry}/${path}`);
	if (createHash("sha256").update(jar).digest("hex") !== sha256) throw new Error("wrong checksum");
	return jar;
}

async function fetchJar(path: string, sha256: string, { cache, remedy }: MavenJars): Promise<void> {
	const target = join(cache, basename(path));
	for (let attempt = 1; !existsSync(target); attempt++)
		try {
			const jar = await checkedJar(path, sha256);
			const unfinished = `${target}.${process.pid}`;
			writeFileSync(unfinished, jar);
			renameSync(unfinished, target);
		} catch (error) {
			if (attempt < attempts) continue;
			throw new LaunchError(
				`${registry}/${path} cannot be had (${(error as Error).message}): ${remedy}.`
			);
		}
}

/**
 * Java's class path of these files, from Maven Central on first use.
 * @throws LaunchError that says what is missing
 */
export async function mavenClassPath(jars: MavenJars): Promise<string> {
	mkdirSync(jars.cache, { recursive: true });
	const wanted = jars.list
		.trim()
		.split("\n")
		.map(line => line.split(/\s+/) as [sha256: string, path: string])
		.filter(([, path]) => !existsSync(join(jars.cache, basename(path))));
	if (wanted.length > 0) jars.onDownload();
	const worker = async () => {
		for (let next = wanted.pop(); next; next = wanted.pop()) await fetchJar(next[1], next[0], jars);
	};
	await Promise.all(Array.from({ length: atOnce }, worker));
	return join(jars.cache, "*");
}
