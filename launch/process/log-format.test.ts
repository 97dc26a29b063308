import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { logFields } from "../../lib/log/fields.ts";

const root = join(import.meta.dirname, "../..");

const begin = `
	import { nameNode, useLogFormat } from "./launch/process/log-format.ts";
	const settings = { services: ["order"], environment: "test", logFormat: FORMAT };
	useLogFormat(settings);
`;

/** What a process prints that uses this format and runs this program. */
function printed(program: string, format = "json") {
	const script = begin.replace("FORMAT", JSON.stringify(format)) + program;
	const args = ["--input-type=module", "--eval", script];
	const { stdout, stderr, status } = spawnSync("node", args, { cwd: root, encoding: "utf8" });
	return { lines: stdout.trimEnd().split("\n"), stderr, status };
}

const entries = (lines: string[]) => lines.map(line => JSON.parse(line) as Record<string, unknown>);

describe("the log of a process as JSON", () => {
	it("is all that it prints, and ends with what nothing caught", () => {
		const passedOn =
			'{"@timestamp":"2026-01-01T00:00:00.000Z","log.level":"info","message":"of another process"}';
		const { lines, stderr, status } = printed(`
			console.log("ready: %s", "order");
			console.error("bad:", new TypeError("x"));
			console.log(${JSON.stringify(passedOn)});
			process.emitWarning("old", "DeprecationWarning");
			nameNode(settings, "order.host-1-abc");
			setTimeout(() => Promise.reject(new RangeError("lost")), 50);
		`);
		expect([stderr, status]).toEqual(["", 1]);
		expect(lines[2]).toBe(passedOn);
		const found = entries(lines);
		expect(found).toMatchObject([
			{ "log.level": "info", message: "ready: order", "service.name": "order" },
			{ "log.level": "error", message: "bad: x", "error.type": "TypeError" },
			{},
			{ "log.level": "warn", message: "old", "error.type": "DeprecationWarning" },
			{
				"log.level": "fatal",
				message: "uncaught: lost",
				"error.type": "RangeError",
				"service.node.name": "order.host-1-abc"
			}
		]);
		const unknown = found.flatMap(Object.keys).filter(key => !Object.hasOwn(logFields, key));
		expect(unknown).toEqual([]);
	});

	it.each<[string, string, number, object]>([
		[
			"a sentence",
			"new LaunchError('Postgres at db does not answer.')",
			1,
			{ message: "Postgres at db does not answer." }
		],
		[
			"wrong settings",
			"new EnvironmentError(['PORT: a', 'HOST: b'])",
			78,
			{ message: "The configuration is not valid:\n  PORT: a\n  HOST: b" }
		],
		[
			"a defect",
			"new TypeError('x is undefined')",
			1,
			{ message: "x is undefined", "error.type": "TypeError" }
		]
	])("says in one line that a process ends because of %s", (_, error, code, expected) => {
		const { lines, stderr, status } = printed(`
			import { EnvironmentError } from "./config/environment-error.ts";
			import { LaunchError } from "./launch/process/launch-error.ts";
			import { run } from "./launch/process/lifecycle.ts";
			run(async () => { throw ${error}; });
		`);
		expect([stderr, status]).toEqual(["", code]);
		expect(entries(lines)).toEqual([
			expect.objectContaining({ "log.level": "fatal", ...expected })
		]);
	});

	it("is text by default, where it was", () => {
		const { lines, stderr } = printed(
			"console.log('a'); console.error('b'); nameNode(settings, 'c');",
			"text"
		);
		expect([lines, stderr]).toEqual([["a"], "b\n"]);
	});
});
