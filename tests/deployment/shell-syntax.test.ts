import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";

/** Shell scripts are read by bash as a whole: an open quote in a branch that seldom runs is found too. */

const root = join(import.meta.dirname, "../..");

const foreign = /^(node_modules|\.shop|\.cache|\.git)(\/|$)/;
const exclude = (path: string) => foreign.test(path);
const scripts = [".ci/run", ...globSync("**/*.sh", { cwd: root, exclude })];

const syntaxFault = (file: string) => {
	const { status, stderr } = spawnSync("bash", ["-n", file], { cwd: root, encoding: "utf8" });
	return status === 0 ? "" : stderr;
};

it("knows the scripts", () => {
	expect(scripts).toContain("scripts/build-docker-images.sh");
});

it.each(scripts)("%s is shell that bash reads", file => {
	expect(syntaxFault(file)).toBe("");
});

it("would report a quote that stays open, with its line", () => {
	const file = join(temporaryFolder(), "run");
	const text = readFileSync(join(root, ".ci/run"), "utf8");
	writeFileSync(file, text.replace('say "npm ci"', 'say "npm ci'));
	expect(syntaxFault(file)).toMatch(/line \d+: unexpected EOF while looking for matching/);
});
