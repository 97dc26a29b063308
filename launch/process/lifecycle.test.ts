import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const script = `
	const { run } = await import(${JSON.stringify(join(import.meta.dirname, "lifecycle.ts"))});
	run(async life => {
		life.atEnd(() => new Promise(resolve => setTimeout(resolve, 1500)));
		setInterval(() => undefined, 1000);
		console.log("ready");
	});`;

/** The exit code of a process whose stop takes 1.5 s, which gets a second signal after 0.8 s. */
async function exitAfter(first: NodeJS.Signals, second: NodeJS.Signals): Promise<number | null> {
	const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
	await once(child.stdout, "data");
	const exit = once(child, "exit");
	child.kill(first);
	setTimeout(() => child.kill(second), 800);
	return (await exit)[0] as number | null;
}

it.each([
	["a step that takes longer than the process may", 0, 1],
	["where the stop was given more time", 20_000, 0]
])("a stop ends: %s", async (_, byMs, code) => {
	const slow = `
		const { Lifecycle } = await import(${JSON.stringify(join(import.meta.dirname, "lifecycle.ts"))});
		const life = new Lifecycle(200);
		life.extendStop(${byMs});
		life.atEnd(() => new Promise(resolve => setTimeout(resolve, 2000)));
		await life.end(0);`;
	const [exitCode] = await once(
		spawn(process.execPath, ["--input-type=module", "-e", slow], { stdio: "ignore" }),
		"exit"
	);
	expect(exitCode).toBe(code);
});

it.each([
	["SIGINT", "SIGHUP", 0],
	["SIGHUP", "SIGHUP", 0],
	["SIGINT", "SIGINT", 1],
	["SIGHUP", "SIGTERM", 1]
] as const)("a stop by %s and then %s ends with %d", async (first, second, code) => {
	expect(await exitAfter(first, second)).toBe(code);
});
