import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DataFolder } from "../../../launch/shop/data-folder.ts";
import { testDatabase } from "../../support/servers/database.ts";
import { run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const verify = (args: string[], env: Record<string, string>) => run("verify.ts", args, env);

describe("npm run verify", () => {
	it("prints each difference and ends with 1, or says that there is none and ends with 0", async () => {
		const database = await testDatabase();
		try {
			const env = { DATABASE_URL: database.url, DATA_DIR: temporaryFolder() };
			for (const subject of ["analytics", "orders", "payments", "stock", "stream"])
				expect(await verify([subject], env)).toEqual({
					code: 0,
					output: `No differences in ${subject}.\n`
				});
			await database.rows("update product.stock set on_hand = 7 where product_id = 'prod-001'");
			const { code, output } = await verify(["stock"], env);
			expect(output).toMatch(
				/^product prod-001: 7 on hand, the ledger says \d+\n1 differences\.\n$/
			);
			expect(code).toBe(1);
		} finally {
			await database.drop();
		}
	}, 30_000);

	it("says what can be verified", async () => {
		for (const args of [[], ["everything"], ["toString"], ["orders", "stock"]]) {
			const { code, output } = await verify(args, {});
			expect(output).toContain("Usage: npm run verify -- analytics|orders|payments|stock|stream");
			expect(code).toBe(64);
		}
	}, 30_000);

	it("says what to do while a shop starts, and if there is none", async () => {
		const DATA_DIR = join(temporaryFolder(), "shop");
		const none = await verify(["orders"], { DATA_DIR });
		expect([none.code, none.output]).toEqual([
			78,
			expect.stringContaining("set DATA_DIR, or DATABASE_URL")
		]);
		mkdirSync(join(DATA_DIR, "postgres"), { recursive: true });
		const unlock = new DataFolder(DATA_DIR).lock();
		const { code, output } = await verify(["orders"], { DATA_DIR });
		expect(output).toContain("A shop already runs");
		expect(code).toBe(1);
		unlock();
		rmSync(DATA_DIR, { recursive: true });
	}, 30_000);

	it("says when the database is older than the program", async () => {
		const database = await testDatabase("template1");
		try {
			const { code, output } = await verify(["orders"], { DATABASE_URL: database.url });
			expect(output).toBe(
				"The database is not of this version: npm start or npm run migrate brings it there.\n"
			);
			expect(code).toBe(1);
		} finally {
			await database.drop();
		}
	}, 30_000);
});
