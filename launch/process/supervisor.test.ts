import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poll } from "../../lib/retry.ts";
import { exitCodes } from "./launch-error.ts";
import { SupervisedProcess } from "./supervisor.ts";

let folder: string;
let lines: string[];
let node: SupervisedProcess;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "supervisor-"));
	lines = [];
});
afterEach(async () => {
	await node.stop();
	rmSync(folder, { recursive: true, force: true });
});

const starts = () =>
	existsSync(join(folder, "starts")) ? readFileSync(join(folder, "starts"), "utf8").length : 0;

/** A node whose n-th start does what `plan` says; after its last entry it is ready and stays. */
function supervised(plan: string[]): SupervisedProcess {
	const script = join(folder, "cli/node.cjs");
	mkdirSync(join(folder, "cli"), { recursive: true });
	writeFileSync(
		script,
		`const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
		const file = ${JSON.stringify(join(folder, "starts"))};
		appendFileSync(file, "x");
		const step = ${JSON.stringify(plan)}[readFileSync(file).length - 1] ?? "ready";
		writeFileSync(file + ".cache", process.env.NODE_COMPILE_CACHE);
		if (step.startsWith("exit")) process.exit(Number(step.slice(4)));
		if (step === "killed") process.kill(process.pid, "SIGKILL");
		if (step === "deaf") process.on("SIGTERM", () => undefined);
		process.send("ready");
		if (step === "ready, then killed") setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);
		setInterval(() => undefined, 1000);`
	);
	const printLine = (line: string) => void lines.push(line);
	const times = { restartAfterMs: () => 1, forceAfterMs: 300 };
	node = new SupervisedProcess("order-2", {}, { script, printLine, ...times });
	return node;
}

const failed = "order-2 did not start; see its output above.";

describe("a supervised process", () => {
	it.each([
		{ name: "that starts", plan: [], expected: 1 },
		{ name: "that is killed before it is ready", plan: ["killed"], expected: 2 },
		{ name: "that a defect ends four times", plan: Array(4).fill("exit 1"), expected: 5 }
	])("$name is ready at last", async ({ plan, expected }) => {
		await supervised(plan).start();
		expect([node.ready, starts()]).toEqual([true, expected]);
		expect(lines.filter(line => line.includes("starting it again"))).toHaveLength(expected - 1);
	});

	it.each([
		{ name: "configuration", plan: ["exit 78"], code: exitCodes.configuration, expected: 1 },
		{ name: "command line", plan: ["exit 64"], code: exitCodes.usage, expected: 1 },
		{ name: "code, five times with 0", plan: Array(5).fill("exit 0"), code: 1, expected: 5 },
		{ name: "code, five times", plan: Array(5).fill("exit 1"), code: 1, expected: 5 },
		{ name: "machine, five times", plan: Array(5).fill("killed"), code: 1, expected: 5 }
	])("with a fault of its $name does not start", async ({ plan, code, expected }) => {
		const starting = supervised(plan).start();
		await expect(starting).rejects.toMatchObject({ message: failed, exitCode: code });
		expect(starts()).toBe(expected);
	});

	it("is killed when it does not end", async () => {
		await supervised(["deaf"]).start();
		await node.stop();
		expect(lines).toEqual(["has not ended after 300 ms, so it is killed"]);
	});

	it("is restarted whatever ended it, once it has been ready", async () => {
		const plan = ["ready, then killed", ...Array(6).fill("exit 78"), "exit 1"];
		await supervised(plan).start();
		await poll(() => starts() === 9 && node.ready, { everyMs: 10, withinMs: 15_000 });
		expect([starts(), node.ready]).toEqual([9, true]);
	});

	it("finds its modules compiled, in a cache of its own tree", async () => {
		await supervised([]).start();
		const cache = readFileSync(join(folder, "starts.cache"), "utf8");
		expect(cache).toBe(join(folder, ".cache/compile"));
	});

	it("that is stopped while it waits for a restart is not started again", async () => {
		const starting = supervised(["killed"]).start();
		await poll(() => lines.length > 0, { everyMs: 1, withinMs: 10_000 });
		await node.stop();
		await starting;
		expect([node.ready, starts()]).toEqual([false, 1]);
	});
});
