/**
 * Runs before every npm script, on whatever Node there is: says in a sentence what is missing before `npm ci`, where
 * Node itself would print a stack about a module or about the extension of a file. So it is CommonJS without imports of
 * the tree, in words that old versions understand.
 */

const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
/** From sysexits.h, as in launch/process/launch-error.ts. */
const configuration = 78;

function endWith(sentence) {
	console.error(sentence);
	process.exit(configuration);
}

const { dependencies, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const missing = Object.keys(dependencies).filter(
	name => !existsSync(join(root, "node_modules", name, "package.json"))
);
if (missing.length > 0) {
	const others = missing.length > 1 ? ` and ${missing.length - 1} others` : "";
	endWith(
		`The packages of this project are not installed (${missing[0]}${others}): run npm ci first, with Node ${engines.node}.`
	);
}
if (!process.features.typescript) {
	const pinned = readFileSync(join(root, ".nvmrc"), "utf8").trim();
	endWith(
		`Node ${process.versions.node} cannot run TypeScript files: npm ci puts Node ${pinned} into node_modules/.bin, which npm run finds; without it, install that version.`
	);
}
