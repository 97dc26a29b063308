import { dumpSchema } from "../../../scripts/dump-schema.ts";
import { read } from "../../../scripts/generated-files.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

const database = useDatabase();

describe("db/schema.sql", () => {
	it("equals the sum of the migrations (else: npm run generate)", async () => {
		expect(read("db/schema.sql")).toBe(await dumpSchema(database.url));
	});

	it.each([
		["a column", "alter table orders.saga add column mood text", "mood text"],
		["a constraint", "alter table orders.saga add constraint calm check (attempt < 99)", "calm"],
		["an index", "create index saga_by_step on orders.saga (step)", "saga_by_step"],
		["a grant", "grant select on orders.saga to shop_users", "to shop_users"],
		["a grant on a column", "grant update (step) on orders.saga to shop_users", "update (step)"]
	])("would show another %s", async (_what, sql, text) => {
		const before = await dumpSchema(database.url);
		await database.rows(sql);
		const line = (await dumpSchema(database.url)).split("\n").find(l => !before.includes(l));
		expect(line).toContain(text);
	});
});
