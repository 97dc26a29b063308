import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { serviceNames } from "../../../config/index.ts";
import { connectionsOf, spareConnections } from "../../../launch/shop/connection-plan.ts";
import { startShop } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { type TestDatabase, testDatabase } from "../../support/servers/database.ts";
import { filledRows, fillTables } from "../../support/statements/filled-tables.ts";
import { isPrepared, recorded, scansOf } from "../../support/statements/plans.ts";
import {
	calledStatements,
	exportedStatements
} from "../../support/statements/collect-statements.ts";
import { functionScans, functionsOf } from "../../support/statements/function-plans.ts";
import { largeReads } from "../../support/statements/reads.ts";
import { changedByNewColumns } from "../../support/statements/result-columns.ts";
import type { RecordedStatement } from "../../support/statements/record-statements.ts";
import { statementsIn } from "../../support/statements/source-statements.ts";
import { sourceTree } from "../../source-tree.ts";
import { restSuite } from "./rest.suite.ts";

const recorder = join(import.meta.dirname, "../../support/statements/record-statements.ts");
const STATEMENTS_FILE = join(temporaryFolder(), "statements.json");
// The receiver of the tests; http:// leads nowhere else.
const WEBHOOK_ALLOWED_NETWORKS = "127.0.0.1";
const NODE_OPTIONS = `--import=${pathToFileURL(recorder)}`;
let database: TestDatabase;

describe("the shop in one process", () => {
	restSuite(async () => {
		database = await testDatabase();
		const env = {
			DATABASE_URL: database.url,
			NODE_OPTIONS,
			STATEMENTS_FILE,
			WEBHOOK_ALLOWED_NETWORKS
		};
		const running = await startShop(env);
		return { url: running.url, stop: () => running.remove() };
	});
});

/** Reads of a whole table or index that are meant, and why they stay cheap. */
const expected: [pattern: RegExp, why: string][] = [
	[/: (incarnation|relay_lease): /, "has one row"],
	[/^analytics.due_windows: position: /, "has a row per partition"],
	[/\.begin_replay: position: /, "has a row per partition"],
	[/^streams.kept: (partition|topic)_pkey: /, "has a row per partition"],
	[/\.count_handled: inbox: /, "is a command, that may take long"],
	[/^analytics.outbox_refill: (windows|outbox)_/, "is a command, that may take long"],
	[/: endpoint_url: /, "has at most 50 webhooks"],
	[/^(product|webhook).outbox_refill: outbox_/, "is a command; events are removed after a week"],
	[/^count_backlog: saga: /, "counts the orders in progress, which have a limit"],
	[/^count_sagas: saga: /, "counts at most 10,000 of the orders in progress, which have a limit"],
	[
		/^review\.count: (payments|refunds)_in_review: /,
		"counts what staff must decide, by its own index"
	],
	[/^release_leases: saga_pkey: /, "once, when a node stops; orders in progress have a limit"],
	[/^list_sagas: saga_pkey: /, "orders in progress have a limit"],
	[/^list_orders_by_user_id_by_status: orders_by_user: /, "reads on in the orders of one user"],
	[/^list_orders\w*_by_time: /, "reads on by at most the skew of clocks at both ends"],
	[/^list_returns: returns_by_order: /, "reads on in the returns of one order"],
	[/^payment.summaries_at: events_pkey: /, "reads on in the events of one payment"],
	[/^analytics.list_results: /, "a minute has a row per currency"],
	[/count_dead_letters: dead_letter_waiting: /, "counts those that wait for an operator"],
	[/^analytics.claim_unknown_products: products_unknown: /, "has only what is not known yet"],
	[/^refund.charged_though_voided: /, "has only charges that came too late"],
	[/^analytics.describe_products: products_unknown: /, "has only what is not known yet"],
	[
		/^missing_migrations: migration_pkey: /,
		"has a row for each migration, and is read until a node is ready"
	]
];
const unexpected = (scans: string[]) =>
	scans.filter(scan => !expected.some(([pattern]) => pattern.test(scan)));

/** Parts of the names of statements, by the expressions that they come from. Schemas are those of the database. */
const builtNames = {
	lock: ["", "for update"],
	owner: ["product", "webhook"],
	'redriven ? "redriven" : "dead"': ["redriven", "dead"],
	'["list_orders", ...filters].join("_by_")': [
		"list_orders",
		"list_orders_by_status",
		"list_orders_by_user_id",
		"list_orders_by_user_id_by_status",
		"list_orders_by_time",
		"list_orders_by_status_by_time",
		"list_orders_by_user_id_by_time",
		"list_orders_by_user_id_by_status_by_time"
	]
};
const schemasWith = async (table: string) => {
	const text = "select table_schema as name from information_schema.tables where table_name = $1";
	return (await database.rows<{ name: string }>(text, [table])).map(({ name }) => name);
};

/** Statements of the source that are not planned, and why. */
const unplanned = {
	count: "is planned as `attempts:count`: the library puts the table before the name",
	read: "is planned as `attempts:read`",
	"dead_letter.now": "reads no table",
	"streams.listen": "has no plan"
};

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
	"users.number_standing": "update users.users set role = 'support' where id = 'user-123'",
	"webhook.purge_outbox": "select webhook.purge_outbox(1000)"
};

describe("its statements", () => {
	afterAll(() => database.drop());

	let names: string[];
	let prepared: RecordedStatement[];

	beforeAll(async () => {
		const consumers = await schemasWith("inbox");
		const built = { ...builtNames, schema: await schemasWith("outbox"), "this.#schema": consumers };
		const source = statementsIn(sourceTree(), built);
		names = source.names;
		prepared = [
			...recorded(STATEMENTS_FILE).statements,
			...(await exportedStatements(source.paths)),
			...(await calledStatements(consumers))
		].filter(isPrepared);
	}, 60_000);

	it("are all those of the source", () => {
		const planned = new Set(prepared.map(({ name }) => name));
		expect(names.filter(name => !planned.has(name))).toEqual(Object.keys(unplanned).toSorted());
		// Those of the library that counts attempts have its table before their names.
		expect(
			[...planned].filter(name => !names.includes(name!) && !/^attempts:/.test(name!))
		).toEqual([]);
	});

	it("go over as many connections as were planned", () => {
		const settings = { databasePool: 4, durability: "prefix", kafka: undefined } as const;
		const single = { relays: 4, listening: 3, watching: 6 };
		const models = 2 * settings.databasePool;
		const others = models + single.relays + single.listening + single.watching + spareConnections;
		const pooled = recorded(STATEMENTS_FILE).poolSizes.reduce((sum, size) => sum + size, 0);
		expect(pooled + others).toBe(connectionsOf(serviceNames, settings));
	});

	it("read no table or index as a whole, once tables are large", async () => {
		expect(unexpected(await scansOf(database.url, prepared, "filled"))).toEqual([]);
	});

	it("read no table or index as a whole with plans that were made when it was empty", async () => {
		// Tables that have no page yet are planned otherwise than those that have a few rows.
		await using stack = new AsyncDisposableStack();
		const unused = await testDatabase();
		stack.defer(() => unused.drop());
		for (const { url } of [unused, database])
			expect(unexpected(await scansOf(url, prepared, "empty"))).toEqual([]);
	});

	it("inside functions read no table or index as a whole", async () => {
		expect(await functionsOf(database.url)).toEqual(Object.keys(functionCalls));
		expect(await functionScans(database.url, functionCalls, "filled")).toEqual([]);
	});

	it("answer the same columns when a migration adds one to a table", async () => {
		await using stack = new AsyncDisposableStack();
		const unused = await testDatabase();
		stack.defer(() => unused.drop());
		expect(await changedByNewColumns(unused.url, prepared)).toEqual([]);
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
