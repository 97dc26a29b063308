import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startShop, type Running } from "../support/servers/processes.ts";

/** Every step of docs/tutorial.md, as a reader types it, in one shell. */

const root = join(import.meta.dirname, "../..");
const tutorial = readFileSync(join(root, "docs/tutorial.md"), "utf8");
const execute = promisify(execFile);

interface Step {
	heading: string;
	script: string;
	/** What the answer contains: members of JSON, or lines of text. */
	expected: { kind: string; text: string } | undefined;
}

/** The blocks of bash, each with the block of another kind that follows it. */
function stepsOf(markdown: string): Step[] {
	const steps: Step[] = [];
	let heading = "";
	for (const [, title, kind, text] of markdown.matchAll(
		/^## (.*)$|^```(bash|json|text)\n([^]*?)^```$/gm
	)) {
		if (title) heading = title;
		else if (kind === "bash") steps.push({ heading, script: text!, expected: undefined });
		else steps.at(-1)!.expected = { kind: kind!, text: text! };
	}
	return steps;
}

const separator = "\u001e";
const steps = stepsOf(tutorial);
const stepWithinS = 60;

describe("the tutorial", () => {
	let shop: Running;
	let answers: string[];

	beforeAll(
		async () => {
			shop = await startShop();
			const { port } = new URL(shop.url);
			const script = steps
				.map(
					step => `${step.script.replaceAll("localhost:8080", `localhost:${port}`)}\nprintf '\\036'`
				)
				.join("\n");
			const { PATH = "", HOME = "" } = process.env;
			const { stdout } = await execute("bash", ["-c", script], {
				cwd: root,
				env: { PATH, HOME, DATA_DIR: shop.dataDir, ENV_FILE: "/dev/null" },
				timeout: 4 * stepWithinS * 1000,
				maxBuffer: 10_000_000
			}).catch((error: { stdout: string }) => error);
			answers = stdout.split(separator);
		},
		6 * stepWithinS * 1000
	);

	afterAll(() => shop?.remove(), 60_000);

	it("has steps", () => expect(steps.length).toBeGreaterThan(12));

	it.each(steps.map((step, index) => ({ ...step, index })))(
		"$index: $heading",
		({ expected, index }) => {
			const answer = answers[index];
			// A step that was not reached has no separator behind it.
			expect(index).toBeLessThan(answers.length - 1);
			if (expected?.kind === "json") {
				const shown: unknown = JSON.parse(expected.text);
				expect(shownPart(JSON.parse(answer!), shown)).toEqual(shown);
			}
			if (expected?.kind === "text")
				for (const line of expected.text.trim().split("\n"))
					for (const word of line.split("  ")) expect(answer).toContain(word);
		}
	);
});

/** What a value has of the members that the documentation shows; a list is shown by its beginning. */
function shownPart(value: unknown, shown: unknown): unknown {
	if (typeof shown !== "object" || shown === null) return value;
	const members = value as Record<string, unknown> | undefined;
	const parts = Object.entries(shown).map(([name, one]) => [name, shownPart(members?.[name], one)]);
	return Array.isArray(shown) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}
