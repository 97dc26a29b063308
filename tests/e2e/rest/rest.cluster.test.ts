import { startCluster } from "../../support/servers/processes.ts";
import { testDatabase } from "../../support/servers/database.ts";
import { restSuite } from "./rest.suite.ts";

describe("the shop as one process per service", () => {
	restSuite(async () => {
		const database = await testDatabase();
		const running = await startCluster([], {
			DATABASE_URL: database.url,
			NATS_URL: process.env.TEST_NATS_URL!,
			WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1",
			SHOP_NAMESPACE: `rest-${process.pid}`
		});
		return {
			url: running.url,
			stop: async () => {
				await running.remove();
				await database.drop();
			}
		};
	});
});
