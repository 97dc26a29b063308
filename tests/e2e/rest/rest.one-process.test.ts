import { startShop } from "../../support/servers/processes.ts";
import { testDatabase } from "../../support/servers/database.ts";
import { restSuite } from "./rest.suite.ts";

describe("the shop in one process", () => {
	restSuite(async () => {
		const database = await testDatabase();
		const running = await startShop({ DATABASE_URL: database.url });
		return {
			url: running.url,
			stop: async () => {
				await running.remove();
				await database.drop();
			}
		};
	});
});
