import { product } from "../../../contracts/product.ts";
import { call } from "../../../lib/service.ts";
import productService from "../../../services/product/product.service.ts";
import type { ServiceSchema } from "moleculer";
import { startNode } from "../../support/servers/start-node.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { until } from "../../support/until.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** A node that stops while services of it still use the database of each other. */

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database.drop());

interface Uses {
	pg: { query(statement: object): Promise<unknown> };
	model: { sequelize: { query(sql: string): Promise<unknown> } };
	stream: { extents(topic: string): Promise<unknown> };
}

const environment = () => ({ DATABASE_URL: database.url, DATA_DIR: temporaryFolder() });
const one = { name: "one", text: "select 1" };

it("answers what still runs when its own service has stopped, and closes the pools then", async () => {
	const { promise: isStopped, resolve } = Promise.withResolvers<void>();
	const done: string[] = [];
	const own: Uses[] = [];
	const slow = {
		name: "slow",
		async stopped() {
			await isStopped;
			await own[0]!.pg.query(one);
			await own[0]!.model.sequelize.query("select 1");
			await own[0]!.stream.extents("orders");
			done.push("slow");
		}
	} as unknown as ServiceSchema;
	const observed = {
		...productService,
		mixins: [
			{ stopped: async () => void setTimeout(resolve, 300) } as never,
			...(productService.mixins as never[])
		]
	} as ServiceSchema;
	const broker = await startNode([observed, slow], environment());
	own.push(broker.getLocalService("product") as unknown as Uses);
	await call(broker, product.actions.get, { id: "prod-001" });
	await broker.stop();
	expect(done).toEqual(["slow"]);
	const left =
		"select 1 from pg_stat_activity where datname = current_database() and application_name ~ '^shop'";
	await until(async () => (await database.rows(left)).length === 0);
}, 60_000);
