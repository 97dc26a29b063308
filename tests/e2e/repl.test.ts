import { rmSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { freePort } from "../../cli/free-port.ts";
import { type Ended, run, temporaryFolder } from "../support/processes.ts";

const commands = [
	"nodes",
	"actions",
	"call product.list --limit 1",
	"call order.list",
	"stock prod-001",
	"place prod-001 1",
	"stock prod-001",
	"place prod-001 0",
	"order not-an-id",
	"sagas",
	"saga 00000000-0000-4000-8000-000000000000",
	"saga retry 00000000-0000-4000-8000-000000000001"
];

describe("npm run repl without a bus", () => {
	let DATA_DIR: string;
	let ended: Ended;
	let lines: string[];

	beforeAll(async () => {
		DATA_DIR = temporaryFolder();
		const env = { DATA_DIR, PORT: String(await freePort()), HOME: DATA_DIR };
		ended = await run("repl.ts", [], env, [...commands, "quit", "stock prod-002"].join("\n"));
		lines = stripVTControlCharacters(ended.output)
			.split("\n")
			.map(line => line.replace(/^(shop \$ )+/, ""));
	}, 60_000);

	afterAll(() => rmSync(DATA_DIR, { recursive: true, force: true }));

	const stocks = () =>
		lines
			.filter(line => line.includes("on hand"))
			.map(line => Number(/on hand (\d+)/.exec(line)![1]));

	it("ends on quit with exit code 0, before the line after it", () => {
		expect(ended.code).toBe(0);
		expect(ended.output).not.toContain("prod-002  on hand");
	});

	it("shows the node and its actions", () => {
		expect(lines).toContainEqual(expect.stringMatching(/║ shop\..* \(\*\)/));
		expect(lines).toContainEqual(expect.stringMatching(/║ order\.place /));
	});

	it("calls actions as the operator", () => {
		expect(lines).toContainEqual(expect.stringContaining(">> Call 'order.list'"));
		expect(lines.filter(line => line.startsWith(">> Response"))).toHaveLength(2);
		expect(ended.output).not.toContain(">> ERROR");
	});

	it("places an order, which takes a unit off the shelf", () => {
		expect(lines).toContainEqual(
			expect.stringMatching(/^[0-9a-f-]{36} {2}confirmed {2}\d+\.\d\d USD$/)
		);
		const [before, after, ...more] = stocks();
		expect(after).toBe(before! - 1);
		expect(more).toEqual([]);
	});

	it("shows which orders are not at rest, and knows none that never was", () => {
		expect(lines).toContainEqual(expect.stringContaining("Every order is at rest."));
		const refused = lines.filter(line => line.startsWith("Not found"));
		expect(refused).toEqual(["Not found No such order is on its way", "Not found"]);
	});

	it("answers a refusal with its words and no stack", () => {
		expect(lines).toContainEqual(expect.stringContaining("/items/0/quantity must be >= 1"));
		expect(lines).toContainEqual(expect.stringContaining('/id must match format "uuid"'));
		expect(lines.filter(line => /^\s+at /.test(line))).toEqual([]);
	});
});
