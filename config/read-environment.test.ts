import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnvironment } from "./read-environment.ts";
import { issuesOf } from "../tests/support/issues-of.ts";

describe("with a secret in a file", () => {
	const folder = mkdtempSync(join(tmpdir(), "env-"));
	const file = join(folder, "url");
	beforeAll(() => writeFileSync(file, "postgres://shop:pw@db/shop\n"));
	afterAll(() => rmSync(folder, { recursive: true }));

	it("reads it without the trailing newline", () => {
		expect(readEnvironment({ DATABASE_URL_FILE: file }).DATABASE_URL).toBe(
			"postgres://shop:pw@db/shop"
		);
	});

	it("says which file cannot be read", () => {
		const [line] = issuesOf({ DATABASE_URL_FILE: join(folder, "absent") });
		expect(line).toMatch(/^DATABASE_URL_FILE: cannot be read: .*absent/);
	});

	it("reads only secrets from files", () => {
		expect(readEnvironment({ HOST_FILE: file }).HOST).toBe("127.0.0.1");
	});
});
