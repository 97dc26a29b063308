import { DatabaseSync, type StatementSync } from "node:sqlite";

/** Entries that stay in memory, and how many are moved out at a time: a step takes some 10 ms. */
const defaults = { keep: 5000, step: 500 };

export type SpillLimits = typeof defaults;

const pageSize = 500;

/**
 * The temporary file of some maps. SQLite's database without a name belongs to its connection and is deleted with it,
 * also when the process is killed (https://www.sqlite.org/inmemorydb.html#temp_db).
 */
export class SpillFile {
	readonly limits: SpillLimits;
	#database: DatabaseSync | undefined;
	#isClosed = false;
	#tables = 0;

	constructor(limits: SpillLimits = defaults) {
		this.limits = limits;
	}

	get database(): DatabaseSync {
		if (this.#isClosed) throw new Error("the ledger is closed");
		if (this.#database) return this.#database;
		this.#database = new DatabaseSync("");
		this.#database.exec("pragma journal_mode = off; pragma synchronous = off");
		return this.#database;
	}

	/** Creates a table and returns its name. */
	newTable(): string {
		const name = `map_${++this.#tables}`;
		this.database.exec(
			`create table ${name} (n integer primary key, key text unique not null, value text not null)`
		);
		return name;
	}

	/** Later reads of its maps fail. */
	close(): void {
		this.#isClosed = true;
		this.#database?.close();
		this.#database = undefined;
	}
}

interface Row {
	n: number;
	key: string;
	value: string;
}

/** Statements of a map whose first entries have been moved out. */
class Table {
	readonly #put: StatementSync;
	readonly #get: StatementSync;
	readonly #page: StatementSync;

	constructor({ database }: SpillFile, name: string) {
		this.#put = database.prepare(
			`insert into ${name} (key, value) values (?, ?) on conflict (key) do update set value = excluded.value`
		);
		this.#get = database.prepare(`select value from ${name} where key = ?`);
		this.#page = database.prepare(
			`select n, key, value from ${name} where n > ? order by n limit ${pageSize}`
		);
	}

	put(key: string, value: unknown): void {
		this.#put.run(key, JSON.stringify(value));
	}

	get(key: string): string | undefined {
		return (this.#get.get(key) as unknown as Pick<Row, "value"> | undefined)?.value;
	}

	/** In the order in which the keys were moved out. */
	*rows(): Generator<Row> {
		for (let last = 0; ;) {
			const rows = this.#page.all(last) as unknown as Row[];
			yield* rows;
			if (rows.length === 0) return;
			last = rows.at(-1)!.n;
		}
	}
}

/**
 * A map of JSON values with bounded memory: of many entries, the oldest are in a file. A value that is read from there
 * is a copy. Iteration is in the order in which keys were first set.
 */
export class SpillingMap<V> {
	readonly #file: SpillFile;
	readonly #recent = new Map<string, V>();
	#table: Table | undefined;
	#size = 0;

	constructor(file: SpillFile) {
		this.#file = file;
	}

	get size(): number {
		return this.#size;
	}

	get(key: string): V | undefined {
		const recent = this.#recent.get(key);
		if (recent !== undefined) return recent;
		const stored = this.#table?.get(key);
		return stored === undefined ? undefined : (JSON.parse(stored) as V);
	}

	has(key: string): boolean {
		return this.#recent.has(key) || this.#table?.get(key) !== undefined;
	}

	set(key: string, value: V): void {
		if (!this.has(key)) this.#size++;
		this.#recent.set(key, value);
		const { keep, step } = this.#file.limits;
		if (this.#recent.size >= keep + step) this.#spill(step);
	}

	*values(): Generator<V> {
		const table = this.#table;
		for (const { key, value } of table?.rows() ?? [])
			yield this.#recent.get(key) ?? (JSON.parse(value) as V);
		// Found out before the next yield, because entries may be moved out then.
		const others = [...this.#recent].filter(([key]) => table?.get(key) === undefined);
		for (const [, value] of others) yield value;
	}

	/** Entries that cannot be written, as on a full disk, stay in memory. */
	#spill(count: number): void {
		const { database } = this.#file;
		const table = (this.#table ??= new Table(this.#file, this.#file.newTable()));
		const oldest = [...this.#recent].slice(0, count);
		try {
			database.exec("begin");
			for (const [key, value] of oldest) table.put(key, value);
			database.exec("commit");
		} catch {
			if (database.isTransaction) database.exec("commit");
			return;
		}
		for (const [key] of oldest) this.#recent.delete(key);
	}
}
