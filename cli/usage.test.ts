import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Every npm script prints its options with --help, and refuses one that it does not know. The commands are loaded here,
 * one after the other: a process for each would take a second of the processor.
 */

const root = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	scripts: Record<string, string>;
};

/** What runs no command of this tree. */
const others: Record<string, string> = {
	check: "runs other scripts",
	types: "is tsc",
	lint: "is eslint and prettier",
	unit: "is jest",
	format: "is prettier"
};
const programOf = (script: string) => / ((?:cli|scripts)\/[\w-]+\.ts)$/.exec(script)?.[1];
const commands = Object.entries(scripts).filter(([, script]) => programOf(script));

interface Ended {
	code: number;
	output: string;
}

class Exit extends Error {}

const streams = [process.stdout, process.stderr];

/** Each command listens for the end of its reader. */
function removeListeners(before: readonly (readonly unknown[])[]): void {
	for (const [index, stream] of streams.entries())
		for (const listener of stream.listeners("error"))
			if (!before[index]!.includes(listener)) stream.off("error", listener as () => void);
}

/** Loads the program with these arguments, up to its exit. */
async function ended(program: string, ...args: string[]): Promise<Ended> {
	const before = process.argv;
	const listeners = streams.map(stream => stream.listeners("error"));
	let output = "";
	let code = NaN;
	const print = (text: string) => void (output += `${text}\n`);
	const spies = [
		jest.spyOn(console, "log").mockImplementation(print),
		jest.spyOn(console, "error").mockImplementation(print),
		jest.spyOn(process, "exit").mockImplementation(given => {
			code = Number(given);
			throw new Exit();
		})
	];
	process.argv = [process.execPath, program, ...args];
	try {
		await import(join(root, program));
	} catch (error) {
		if (!(error instanceof Exit)) throw error;
	} finally {
		process.argv = before;
		removeListeners(listeners);
		for (const spy of spies) spy.mockRestore();
	}
	return { code, output };
}

it("covers every npm script", () => {
	const names = [...commands.map(([name]) => name), ...Object.keys(others)];
	expect(names.sort()).toEqual(Object.keys(scripts).sort());
});

describe.each(commands)("npm run %s", (name, script) => {
	const program = programOf(script)!;

	it.each(["--help", "-h"])("prints its usage with %s", async flag => {
		const { code, output } = await ended(program, flag);
		expect(output).toMatch(/^Usage: .*npm (?:run |start|test)/);
		expect(output).toContain(
			name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`
		);
		expect(code).toBe(0);
	});

	// Those of npm test are jest's.
	if (name !== "test")
		it("refuses an option that it does not know, with its usage", async () => {
			const { code, output } = await ended(program, "--no-such-option");
			expect(output).toMatch(/^Unknown option '--no-such-option'.*\nUsage: /);
			expect(code).toBe(64);
		});
});

it.each<[program: string, args: string[], problem: string]>([
	["verify", [], "Name what to verify: analytics, orders, payments, stock or stream."],
	["verify", ["oders"], "oders is not known: it is analytics, orders, payments, stock or stream."],
	["verify", ["toString"], "toString is not known: it is "],
	["verify", ["orders", "stock"], "Name one to verify, without stock."],
	["stream", [], "Name a command: lag, dlq, replay, refill, engine or rights."],
	["stream", ["lagg"], "lagg is not known: it is lag, dlq, replay, refill, engine or rights."],
	["stream", ["lag", "now"], "Not understood: lag now"],
	["stream", ["dlq"], "Name what to do: dlq list, show or redrive."],
	["stream", ["dlq", "drop", "x"], "drop is not known: it is list, show or redrive."],
	["stream", ["dlq", "show"], "Not understood: dlq show"],
	["stream", ["replay", "--group", "orders"], "--group is analytics, notification or webhook."],
	["stream", ["engine", "spark"], "The engine is builtin or flink."],
	["stream", ["engine", "flink", "now"], "Not understood: engine flink now"],
	["stream", ["rights", "all"], "Not understood: rights all"],
	["stream", ["rights", "--add", "--set"], "--add and --set exclude each other."],
	["stream", ["rights", "--wait", "5"], "--wait has no meaning for rights."],
	["stream", ["rights", "--token", "x"], "--token has no meaning for rights."],
	["stream", ["engine", "--set"], "--set has no meaning for engine."],
	["stream", ["lag", "--add"], "--add has no meaning for lag."],
	["stream", ["dlq", "list", "--dry-run"], "--dry-run has no meaning for dlq."],
	["stream", ["refill", "--group", "webhook"], "--group has no meaning for refill."],
	["stream", ["replay", "--all"], "--all has no meaning for replay."],
	["bench", ["soak", "--log", "kafka"], "--log has no meaning for soak."],
	["bench", ["streams", "--minutes", "1"], "--minutes has no meaning for streams."],
	["kafka", ["--max", "1"], "--max has no meaning for a broker."],
	["kafka", ["consume", "orders", "--fresh"], "--fresh has no meaning for consume."],
	["stream", ["engine", "--wait", "5m"], "--wait is a whole number of seconds."],
	["admin", [], "Name a command: create, promote or list."],
	["admin", ["crate", "a@b.de"], "crate is not known: it is create, promote or list."],
	["admin", ["create"], "create wants an e-mail address."],
	["admin", ["list", "all"], "Not understood: list all"],
	["bench", [], "Name what to measure: streams or soak."],
	["bench", ["soke"], "soke is not known: it is streams or soak."],
	["migrate", ["--wait", "5m"], "--wait takes a number of seconds, from 0 to 9,999"],
	["migrate", ["--wait=-1"], "--wait takes a number of seconds, from 0 to 9,999"],
	["chaos", ["--tier", "x"], "x is not known: it is ci or nightly."],
	["chaos", ["--faults", "kill,toString"], "toString is not known: it is kill, "],
	["cluster", ["orders=2"], "orders=2 is not understood: the services are gateway, user, "]
])("npm run %s with %j says what is wrong", async (name, args, problem) => {
	const { code, output } = await ended(`cli/${name}.ts`, ...args);
	expect(output.startsWith(problem)).toBe(true);
	expect(output).toMatch(/^.*\nUsage: /);
	expect(code).toBe(64);
});
