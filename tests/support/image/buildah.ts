import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../../cli/test/requirements.ts";

const execute = promisify(execFile);
const storage = join(cacheFolder, "image");

/**
 * Builds images without a daemon (https://buildah.io), in a storage of its own. With `chroot` a step needs no rights
 * beyond those of root, so it works inside a container too.
 */
export async function buildah(command: string, ...args: string[]): Promise<string> {
	mkdirSync(storage, { recursive: true });
	const own = ["--root", join(storage, "root"), "--runroot", join(storage, "run")];
	const { stdout } = await execute("buildah", [...own, command, ...args], {
		maxBuffer: 64 * 1024 * 1024
	});
	return stdout.trim();
}

/** Builds a Dockerfile. @param folder the context */
export async function build(
	tag: string,
	folder: string,
	args: Readonly<Record<string, string>> = {}
): Promise<void> {
	const given = Object.entries(args).flatMap(([name, value]) => [
		"--build-arg",
		`${name}=${value}`
	]);
	// As scripts/build-docker-images.sh does.
	const how = ["--isolation", "chroot", "--format", "docker", "--tag", tag];
	await buildah("bud", ...how, ...given, folder);
}

export const imageExists = (tag: string): Promise<boolean> =>
	buildah("inspect", "--type", "image", tag).then(
		() => true,
		() => false
	);
