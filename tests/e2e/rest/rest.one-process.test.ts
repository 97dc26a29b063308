import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { serviceNames } from "../../../config/index.ts";
import { connectionsOf, spareConnections } from "../../../launch/shop/connection-plan.ts";
import { startShop } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { type TestDatabase, testDatabase } from "../../support/servers/database.ts";
import { filledRows, fillTables } from "../../support/statements/filled-tables.ts";
import { recorded, scansOf } from "../../support/statements/plans.ts";
import { functionScans, functionsOf } from "../../support/statements/function-plans.ts";
import { largeReads } from "../../support/statements/reads.ts";
import { restSuite } from "./rest.suite.ts";

const recorder = join(import.meta.dirname, "../../support/statements/record-statements.ts");
const STATEMENTS_FILE = join(temporaryFolder(), "statements.json");
const NODE_OPTIONS = `--import=${pathToFileURL(recorder)}`;
let database: TestDatabase;

describe("the shop in one process", () => {
	restSuite(async () => {
		database = await testDatabase();
		const env = { DATABASE_URL: database.url, NODE_OPTIONS, STATEMENTS_FILE };
		const running = await startShop(env);
		return { url: running.url, stop: () => running.remove() };
	});
});

/** Reads of a whole table or index that are meant, and why they stay cheap. */
const expected: [pattern: RegExp, why: string][] = [
	[/: (incarnation|relay_lease): /, "has one row"],
	[/^analytics.due_windows: position: /, "has a row per partition"],
	[/^count_backlog: saga: /, "counts the orders in progress, which have a limit"],
	[/^release_leases: saga_pkey: /, "once, when a node stops; orders in progress have a limit"],
	[/^list_sagas: saga_pkey: /, "orders in progress have a limit"],
	[/^list_orders_by_user_id_by_status: orders_by_user: /, "reads on in the orders of one user"],
	[/^analytics.list_results: /, "a minute has a row per currency"],
	[/count_dead_letters: dead_letter_waiting: /, "counts those that wait for an operator"],
	[/^analytics.claim_unknown_products: products_unknown: /, "has only what is not known yet"],
	[/^refund.charged_though_voided: /, "has only charges that came too late"],
	[/^analytics.describe_products: products_unknown: /, "has only what is not known yet"]
];
const unexpected = (scans: string[]) =>
	scans.filter(scan => !expected.some(([pattern]) => pattern.test(scan)));

/** A statement that runs each function. */
const functionCalls = {
	"analytics.purge_outbox": "select analytics.purge_outbox(1000)",
	"analytics.reset_windows": "select analytics.reset_windows(now())",
	"orders.archive_outbox": "select orders.archive_outbox(1000)",
	"orders.open_orders": "select * from orders.open_orders(array['one', 'two'])",
	"orders.refill_outbox":
		"select * from orders.refill_outbox(now() - interval '1 day', now(), 0, 1000)",
	"product.count_categories": "update product.products set archived = true where id = 'prod-001'",
	"product.purge_outbox": "select product.purge_outbox(1000)",
	"product.record_availability":
		"update product.stock set reserved = on_hand where product_id = 'prod-002'",
	"product.unpaid_units": "select * from product.unpaid_units(array['one'], array['prod-001'])",
	"users.number_standing": "update users.users set role = 'support' where id = 'user-123'"
};

describe("its statements", () => {
	afterAll(() => database.drop());

	it("are those of the whole API", () => {
		expect(recorded(STATEMENTS_FILE).statements.filter(({ name }) => name).length).toBeGreaterThan(
			120
		);
	});

	it("go over as many connections as were planned", () => {
		const settings = { databasePool: 4, durability: "prefix", kafka: undefined } as const;
		const single = { relays: 3, listening: 2, watching: 4 };
		const models = 2 * settings.databasePool;
		const others = models + single.relays + single.listening + single.watching + spareConnections;
		const pooled = recorded(STATEMENTS_FILE).poolSizes.reduce((sum, size) => sum + size, 0);
		expect(pooled + others).toBe(connectionsOf(serviceNames, settings));
	});

	it("read no table or index as a whole, once tables are large", async () => {
		const scans = await scansOf(database.url, recorded(STATEMENTS_FILE).statements, "filled");
		expect(unexpected(scans)).toEqual([]);
	});

	it("read no table as a whole with plans that were made when it was empty", async () => {
		const scans = await scansOf(database.url, recorded(STATEMENTS_FILE).statements, "empty");
		expect(unexpected(scans).filter(scan => scan.endsWith("the table"))).toEqual([]);
	});

	it("inside functions read no table or index as a whole", async () => {
		expect(await functionsOf(database.url)).toEqual(Object.keys(functionCalls));
		expect(await functionScans(database.url, functionCalls, "filled")).toEqual([]);
	});

	it("that models send, with their values, read a small part of large tables", async () => {
		await fillTables(database, 5);
		const { statements } = recorded(STATEMENTS_FILE);
		const texts = statements.filter(({ name }) => name === undefined).map(({ text }) => text);
		for (const list of ["users", "products"])
			expect(texts).toContainEqual(expect.stringMatching(`^SELECT .*"${list}" AS .* LIMIT \\d+;$`));
		// A search by relevance ranks all that it finds: docs/limits.md.
		const listings = texts.filter(text => !text.includes("ts_rank"));
		expect(await largeReads(database.url, listings, filledRows / 10)).toEqual([]);
	}, 60_000);
});
