import { execFileSync } from "node:child_process";
import {
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	realpathSync,
	rmSync,
	writeFileSync
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../../cli/test/requirements.ts";
import { build, imageExists } from "./buildah.ts";

/**
 * What the base image of the Dockerfile has, for a machine that reaches no registry of images: Debian, the Node that the
 * tests run with, and the npm that installed this tree.
 */

/** What the steps of the Dockerfile run, what Node needs, and the shell of `docker exec`. */
const packages = ["base-files", "libc6", "libstdc++6", "coreutils", "findutils", "dash"];

const folder = join(cacheFolder, "image/base");
const authorities = "/etc/ssl/certs/ca-certificates.crt";

const dockerfile = `FROM scratch
ADD debian.tar /
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY authorities.crt ${authorities}
ENV NODE_EXTRA_CA_CERTS=${authorities}
RUN ["ln", "-s", "../lib/node_modules/npm/bin/npm-cli.js", "/usr/local/bin/npm"]
`;

/** The folder of the npm on the path that no project brings. */
function npmFolder(): string {
	const found = execFileSync("which", ["-a", "npm"], { encoding: "utf8" }).split("\n");
	const program = found.find(path => path && !path.includes("node_modules/.bin"))!;
	return dirname(dirname(realpathSync(program)));
}

/** Builds it once. @returns its name, for `NODE_IMAGE` */
export async function nodeBase(): Promise<string> {
	const tag = `localhost/node:${process.version}`;
	if (await imageExists(tag)) return tag;
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const debian = join(folder, "debian.tar");
	execFileSync("mmdebstrap", [
		"--quiet",
		// Unpacked is enough for programs that run as they are; to configure the packages takes five times as long.
		"--variant=extract",
		`--include=${packages.join(",")}`,
		"bookworm",
		debian
	]);
	copyFileSync(process.execPath, join(folder, "node"));
	cpSync(npmFolder(), join(folder, "npm"), { recursive: true, dereference: true });
	// Those of this machine: the packages come through what it trusts.
	if (existsSync(authorities)) copyFileSync(authorities, join(folder, "authorities.crt"));
	writeFileSync(join(folder, "Dockerfile"), dockerfile);
	await build(tag, folder);
	rmSync(folder, { recursive: true });
	return tag;
}
