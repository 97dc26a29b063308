import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagedPostgres } from "./packaged-postgres.ts";

describe("a Postgres of the system's packages", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "packaged-"));
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	function install(version: string, programs: readonly string[]): void {
		mkdirSync(join(folder, version, "bin"), { recursive: true });
		for (const name of programs) writeFileSync(join(folder, version, "bin", name), "");
	}
	const whole = ["initdb", "postgres"];

	it("is the newest of those that are whole", () => {
		install("9.6", whole);
		install("15", whole);
		install("16", whole);
		// A client without a server.
		install("17", ["psql"]);
		expect(packagedPostgres(folder)).toEqual({ major: 16, bin: join(folder, "16/bin") });
	});

	it("is none that is older than 15", () => {
		install("14", whole);
		expect(packagedPostgres(folder)).toBeUndefined();
	});

	it.each([
		["a folder that does not exist", "none"],
		["an empty folder", ""]
	])("is not found in %s", (_, name) => {
		expect(packagedPostgres(join(folder, name))).toBeUndefined();
	});
});
