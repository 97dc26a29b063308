import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Checks without tests, by name: a program of node_modules, or a script, with its arguments. */
const checks: Readonly<Record<string, readonly string[]>> = {
	types: ["node_modules/typescript/bin/tsc", "--noEmit"],
	lint: ["node_modules/eslint/bin/eslint.js", "."],
	format: ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
	generated: ["scripts/generate.ts", "--check"]
};

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Runs a script with its output here, or collected. Answers whether it succeeded. Signals that end it are forwarded
 * to it, and end this process when it has ended: no further script is started.
 */
export async function succeeds(
	[script, ...args]: readonly string[],
	onOutput?: (text: string) => void,
	stdin: "ignore" | "inherit" = "ignore"
): Promise<boolean> {
	const stdio = onOutput ? "pipe" : "inherit";
	const child = spawn(process.execPath, [join(root, script!), ...args], {
		cwd: root,
		stdio: [stdin, stdio, stdio]
	});
	let stoppedBy: NodeJS.Signals | undefined;
	const forward = (signal: NodeJS.Signals) => {
		stoppedBy = signal;
		child.kill(signal);
	};
	for (const name of forwarded) process.on(name, forward);
	for (const stream of [child.stdout, child.stderr])
		stream?.setEncoding("utf8").on("data", onOutput!);
	const [code] = await once(child, "close");
	for (const name of forwarded) process.off(name, forward);
	if (stoppedBy) process.exit(128 + constants.signals[stoppedBy]);
	return code === 0;
}

async function check(name: string): Promise<boolean> {
	let output = "";
	const isPassed = await succeeds(checks[name]!, text => (output += text));
	process.stdout.write(output);
	console.log(`${isPassed ? "PASS" : "FAIL"} check ${name}`);
	return isPassed;
}

/** Runs all checks, two at a time. Answers for each whether it passed. */
export async function runChecks(): Promise<boolean[]> {
	const names = Object.keys(checks);
	const results: boolean[] = [];
	const lane = async () => {
		for (let name = names.shift(); name; name = names.shift()) results.push(await check(name));
	};
	await Promise.all([lane(), lane()]);
	return results;
}
