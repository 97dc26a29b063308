import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../tests/support/servers/temporary-folder.ts";

/** scripts/build-docker-images.sh with a builder that records its calls. */

const script = join(import.meta.dirname, "build-docker-images.sh");

function buildWith(args: string[], builder = "docker") {
	const folder = temporaryFolder();
	const log = join(folder, "log");
	writeFileSync(
		join(folder, "docker"),
		`#!/bin/sh\necho "$@" >> ${log}\necho "$BUILDAH_FORMAT" > ${log}.format\n`
	);
	chmodSync(join(folder, "docker"), 0o755);
	const env = { PATH: `${folder}:${process.env.PATH}`, BUILDER: builder };
	const { status, stderr } = spawnSync(script, args, { env, encoding: "utf8" });
	const calls = () => readFileSync(log, "utf8").trim().split("\n");
	return { status, stderr, calls };
}

it("builds one image, with its version and revision", () => {
	const { status, calls } = buildWith(["registry.example:5000/shop", "1.2.3"]);
	expect(status).toBe(0);
	expect(calls()).toEqual([
		expect.stringMatching(
			/^build --build-arg VERSION=1\.2\.3 --build-arg REVISION=([0-9a-f]{40}|unknown) --tag registry\.example:5000\/shop:1\.2\.3 \.$/
		)
	]);
});

it("pushes it with --push", () => {
	const { status, calls } = buildWith(["shop", "1.2.3", "--push"]);
	expect([status, calls()[1]]).toEqual([0, "push shop:1.2.3"]);
});

it.each([
	[[], /^Usage/],
	[["shop"], /^Usage/],
	[["shop", ""], /^Usage/],
	[["shop", "1", "--push", "2"], /^Usage/],
	[["shop", "1", "--pull"], /^--pull is not an option/],
	[["shop", "latest"], /^latest is no tag of a release/],
	[["shop", "1 2"], /^1 2 is not a tag/],
	[["shop", "-1"], /^-1 is not a tag/],
	[["Shop", "1"], /^Shop is not the name of an image/],
	[["registry.example/shop:1.2", "1.3"], /^registry\.example\/shop:1\.2 has a tag/],
	[["shop:1.2", "1.3"], /^shop:1\.2 has a tag/]
])("%j is refused", (args, words) => {
	const { status, stderr } = buildWith(args);
	expect([status, stderr]).toEqual([64, expect.stringMatching(words)]);
});

it("says that the builder is missing", () => {
	const { status, stderr } = buildWith(["shop", "1"], "no-such-builder");
	expect([status, stderr]).toEqual([
		64,
		expect.stringMatching(/^no-such-builder is not installed/)
	]);
});
