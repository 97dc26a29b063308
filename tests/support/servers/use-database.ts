import type { Database } from "../../../db/database.ts";
import { connect, testDatabase, type ServiceName, type TestDatabase } from "./database.ts";

export interface ConnectedDatabase extends Omit<TestDatabase, "drop"> {
	/** Connections as the service has them, or as the owner of everything. */
	readonly db: Database;
	/** Work to do before the connections are closed. Call it in a hook or a test. */
	defer(work: () => unknown): void;
}

/** A database for all tests of a file or a `describe`: registers the hooks that create and drop it. */
export function useDatabase(service?: ServiceName, pool?: number): ConnectedDatabase {
	const stack = new AsyncDisposableStack();
	let database: TestDatabase | undefined;
	let db: Database | undefined;

	beforeAll(async () => {
		database = await testDatabase();
		stack.defer(() => database!.drop());
		db = connect(database, service, pool);
		stack.defer(() => db!.close());
	});
	afterAll(() => stack.disposeAsync());

	return {
		get url() {
			return database!.url;
		},
		rows: (sql, values) => database!.rows(sql, values),
		get db() {
			return db!;
		},
		defer: work => stack.defer(async () => void (await work()))
	};
}
