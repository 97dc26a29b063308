import { existsSync } from "node:fs";
import { join } from "node:path";
import { schemas, sharedSchemas } from "../../db/database.ts";
import { onPackaged } from "./on-packaged.ts";

const root = join(import.meta.dirname, "../..");

it.each(onPackaged)("%s is a test", file => {
	expect(existsSync(join(root, file))).toBe(true);
});

it.each(Object.keys({ ...schemas, ...sharedSchemas }))(
	"the SQL of the schema of %s runs on a packaged Postgres",
	owner => {
		const folder = owner === "stream" ? "streams" : owner;
		expect(onPackaged.filter(file => file.startsWith(`tests/integration/${folder}/`))).not.toEqual(
			[]
		);
	}
);
