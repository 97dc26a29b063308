import pg from "pg";
import type { ServiceSchema } from "moleculer";
import { allServices } from "../../support/shop/services.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** Events are published and handled to the end of a stop, and gauges measured. */
const untilTheEnd =
	/^streams\.|\.(relay_|outbox_|checkpoint$|positions |count_dead_letters$)|^(backlog_of_notifications|count_sagas|review\.count)$/;

/** Time for runs that are in progress. */
const settleMs = 1500;
/** Longer than the pauses of pollers, but for the purge of attempts and the expiry of messages, which run once a minute. */
const drainMs = 6000;

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database.drop());

/** The statements that the node sends while it drains: prepared ones by name. */
async function sentWhileDraining(): Promise<string[]> {
	const sent: unknown[] = [];
	const drain = async () => {
		await new Promise(resolve => setTimeout(resolve, settleMs));
		const spy = jest.spyOn(pg.Client.prototype, "query");
		await new Promise(resolve => setTimeout(resolve, drainMs));
		sent.push(...spy.mock.calls.map(([statement]) => statement));
		spy.mockRestore();
	};
	const draining = { name: "draining", stopping: { drain } } as unknown as ServiceSchema;
	const keys = newTokenKey();
	const environment = { DATABASE_URL: database.url, DATA_DIR: temporaryFolder(), ...keys };
	const broker = await startNode([...allServices, draining], environment);
	await broker.stop();
	return sent.map(one => (typeof one === "string" ? one : String((one as pg.QueryConfig).name)));
}

it("looks for no work of its own while it drains", async () => {
	const names = await sentWhileDraining();
	expect(names).toContain("streams.fetch");
	expect([...new Set(names)].filter(name => !untilTheEnd.test(name)).sort()).toEqual([]);
}, 60_000);
