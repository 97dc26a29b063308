import type { ServiceBroker, ServiceSchema } from "moleculer";
import { testDatabase, type TestDatabase } from "../servers/database.ts";
import { startNode } from "../servers/start-node.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { brokenStock } from "./stock.ts";

type Environment = Record<string, string>;

interface ShopOptions {
	/** Nodes that run the services, without a bus between them. */
	nodes?: number;
	/** Changes the database before a node starts. */
	prepare?(database: TestDatabase): Promise<unknown>;
	/** Checks the invariants of stock after each test or after all of them. */
	checkStock?: "each" | "all";
	startWithinMs?: number;
}

export interface Shop {
	/** The first node. */
	readonly broker: ServiceBroker;
	readonly nodes: readonly ServiceBroker[];
	readonly database: TestDatabase;
	/** What the nodes keep outside the database. */
	readonly dataDir: string;
	/** Work to do before the nodes are stopped. Call it in a hook or a test. */
	defer(work: () => unknown): void;
}

/**
 * Nodes on a new database, for all tests of a file or a `describe`: registers the hooks that start and
 * stop them.
 * @param env as in the process environment; a function is called before the nodes start
 */
export function useShop(
	services: ServiceSchema[],
	env: Environment | (() => Environment | Promise<Environment>) = {},
	{ nodes: count = 1, prepare, checkStock, startWithinMs = 60_000 }: ShopOptions = {}
): Shop {
	const stack = new AsyncDisposableStack();
	const nodes: ServiceBroker[] = [];
	const dataDir = temporaryFolder();
	let database: TestDatabase | undefined;

	beforeAll(async () => {
		database = await testDatabase();
		stack.defer(() => database!.drop());
		await prepare?.(database);
		const own = typeof env === "function" ? await env() : env;
		const environment = { DATABASE_URL: database.url, DATA_DIR: dataDir, ...own };
		for (let n = 0; n < count; n++) {
			const node = await startNode(services, environment);
			stack.defer(() => node.stop());
			nodes.push(node);
		}
	}, startWithinMs);

	const check = async () => expect(await brokenStock(database!)).toEqual([]);
	if (checkStock === "each") afterEach(check);
	if (checkStock === "all") afterAll(() => database && check());
	afterAll(() => stack.disposeAsync(), 60_000);

	return {
		get broker() {
			return nodes[0]!;
		},
		nodes,
		get database() {
			return database!;
		},
		dataDir,
		defer: work => stack.defer(async () => void (await work()))
	};
}
