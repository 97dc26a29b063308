import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenOfFile } from "./token-file.ts";

const folder = mkdtempSync(join(tmpdir(), "token-"));
const file = join(folder, "token");
afterAll(() => rmSync(folder, { recursive: true }));

it("is read again for each request, without the end of its line", async () => {
	for (const token of ["eyJ.one.x", "eyJ.two.x-_"]) {
		writeFileSync(file, `${token}\n`);
		expect(await tokenOfFile(file)).toBe(token);
	}
});

it.each([
	[join(folder, "nope"), "", /^--token \S+ cannot be read \(ENOENT\): name a file with/],
	[folder, "", /cannot be read \(EISDIR\)/],
	[file, "", /holds no access token/],
	[file, "two\nlines", /holds no access token/],
	[file, '{"access_token":"eyJ.one.x"}', /holds no access token/]
])("says in a sentence what is wrong with %s holding %j", async (path, text, sentence) => {
	writeFileSync(file, text);
	await expect(tokenOfFile(path)).rejects.toMatchObject({
		message: expect.stringMatching(sentence),
		exitCode: 78
	});
});
