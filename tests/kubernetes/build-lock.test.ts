import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { onceFor } from "./build-lock.ts";

describe("a build under a lock", () => {
	let file: string;
	const make = (text = "made") => writeFileSync(file, text);
	beforeEach(() => void (file = join(temporaryFolder(), "cache/program")));

	it("makes a file that is missing, once, and leaves no lock", () => {
		onceFor(file, make, 1000);
		onceFor(file, () => make("again"), 1000);
		expect(readFileSync(file, "utf8")).toBe("made");
		expect(existsSync(`${file}.lock`)).toBe(false);
	});

	it("waits for one that is in progress, and does not make it as well", async () => {
		mkdirSync(`${file}.lock`, { recursive: true });
		// This thread waits, so another one ends the build.
		const other = new Worker(
			`setTimeout(() => require("fs").writeFileSync(${JSON.stringify(file)}, "other"), 100)`,
			{ eval: true }
		);
		onceFor(file, make, 20_000, 10);
		await other.terminate();
		expect(readFileSync(file, "utf8")).toBe("other");
	});

	it("takes the lock of one that failed, and of one that was killed", () => {
		const fails = () => {
			throw new Error("no network");
		};
		expect(() => onceFor(file, fails, 1000)).toThrow("no network");
		mkdirSync(`${file}.lock`);
		utimesSync(`${file}.lock`, 0, 0);
		onceFor(file, make, 1000, 10);
		expect(readFileSync(file, "utf8")).toBe("made");
	});

	it("gives up", () => {
		mkdirSync(`${file}.lock`, { recursive: true });
		// A clock that is ahead: the lock does not get old.
		utimesSync(`${file}.lock`, Date.now() / 1000 + 1000, Date.now() / 1000 + 1000);
		expect(() => onceFor(file, make, 20, 5)).toThrow("program.lock: remove it");
	});
});
