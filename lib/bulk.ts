/** Types of SQL that columns of a bulk statement have here, and what stands for them in TypeScript. */
interface SqlTypes {
	uuid: string;
	text: string;
	/** Text of a fixed length, as currencies have. */
	bpchar: string;
	int: number;
	bigint: number | bigint;
	float8: number;
	boolean: boolean;
	bytea: Uint8Array;
	/** An instant in ISO 8601. */
	timestamptz: string;
	/** As text: of an array of objects, pg would make an array of Postgres. */
	json: string;
	jsonb: string;
}

type Columns = Readonly<Record<string, keyof SqlTypes>>;

/** A row that is given to a statement; what is undefined is null. */
export type BulkRow<C extends Columns> = {
	readonly [K in keyof C]: SqlTypes[C[K]] | null | undefined;
};

/** Rows that a statement is given as parameters, one array for each column. */
export interface Bulk<C extends Columns> {
	/** For a `from` clause: `unnest($1::uuid[], …) as alias("id", …)`. */
	as(alias: string): string;
	/** The parts of that, for `with ordinality`. */
	readonly unnest: string;
	readonly columns: string;
	/** The parameters, in the order of the columns. */
	values(rows: readonly BulkRow<C>[]): unknown[][];
	/** Number of the parameter that follows them. */
	readonly next: number;
}

/**
 * Names and types of the columns once, for the SQL and for the values.
 * @param first number of the parameter that holds the first column
 */
export function bulk<const C extends Columns>(types: C, first = 1): Bulk<C> {
	const names = Object.keys(types);
	const parameters = names.map((name, index) => `$${first + index}::${types[name]}[]`);
	const unnest = `unnest(${parameters.join(", ")})`;
	const columns = names.map(name => `"${name}"`).join(", ");
	return {
		unnest,
		columns,
		as: alias => `${unnest} as ${alias}(${columns})`,
		values: rows => names.map(name => rows.map(row => row[name] ?? null)),
		next: first + names.length
	};
}
