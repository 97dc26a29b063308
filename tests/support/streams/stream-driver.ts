import type { Driver } from "../../../streams/driver.ts";
import { PostgresDriver } from "../../../streams/postgres/postgres.driver.ts";
import { connect } from "../servers/database.ts";
import { useDatabase, type ConnectedDatabase } from "../servers/use-database.ts";

/** The log in this database, over connections of its own; `close` closes them too. */
export function streamDriver(
	database: { url: string },
	pool = 6,
	options?: ConstructorParameters<typeof PostgresDriver>[1]
): PostgresDriver {
	return new PostgresDriver(connect(database, "stream", pool), options);
}

export interface EventLog {
	readonly database: ConnectedDatabase;
	readonly driver: Driver;
}

/** A database and an event log, by default in it, for all tests of a file or a `describe`. */
export function useEventLog(
	pool?: number,
	open: (database: { url: string }) => Driver | Promise<Driver> = on => streamDriver(on, pool)
): EventLog {
	const database = useDatabase();
	let driver: Driver | undefined;

	beforeAll(async () => {
		driver = await open(database);
		database.defer(() => driver!.close());
	}, 60_000);

	return {
		database,
		get driver() {
			return driver!;
		}
	};
}
