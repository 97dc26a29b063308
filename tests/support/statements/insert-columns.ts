import type { Sources } from "../../architecture.rules.ts";

/** Compares the columns that each insert of the source names with those of its table in db/schema.sql. */

interface Column {
	name: string;
	/** Without a default, so that a row without a value is refused. */
	isRequired: boolean;
	/** Null in a row that does not name it. */
	isNullable: boolean;
}

const tablePattern = /^create (?:unlogged )?table ([\w.]+) \(\n([^]*?)\n\)/gm;
const columnPattern = /^\t(?!constraint )"?(\w+)"? (.*?),?$/gm;

/** By table. What Postgres itself fills is in no insert. */
export function tablesIn(schema: string): Map<string, Column[]> {
	const tables = [...schema.matchAll(tablePattern)].map(([, table, body]) => {
		const columns = [...body!.matchAll(columnPattern)].flatMap(([, name, type]) => {
			if (/ generated /.test(type!)) return [];
			const hasDefault = / default /.test(type!);
			const isNullable = !/ not null/.test(type!) && !hasDefault;
			return [{ name: name!, isNullable, isRequired: !isNullable && !hasDefault }];
		});
		return [table!, columns] as const;
	});
	return new Map(tables);
}

export interface Insert {
	path: string;
	table: string;
	columns: string[];
}

/** Keys of `const name = bulk({ … })`, and texts of `const name = "…"`, of one file. */
function columnsOfConstant(source: string, name: string): string | undefined {
	const [, rows] = new RegExp(`\\b${name} = bulk\\(\\s*\\{([^}]*)\\}`).exec(source) ?? [];
	if (rows) return [...rows.matchAll(/(\w+):/g)].map(([, key]) => key).join(", ");
	return new RegExp(`\\b${name} =\\s*["'\`]([\\w", ]+)["'\`]`).exec(source)?.[1];
}

const insertPattern = /insert into ((?:\w+|\$\{[\w.#]+\})\.\w+)(?: as \w+)?\s*\(([^()]+)\)/g;

/** Of all services with such a table, the schema that stands for the others. */
const consumer = "notification";

export function insertsIn(sources: Sources): Insert[] {
	return Object.entries(sources).flatMap(([path, source]) =>
		[...source.matchAll(insertPattern)].map(([, table, list]) => ({
			path,
			table: table!.replace(/^\$\{[\w.#]+\}/, consumer),
			columns: list!
				.replaceAll(
					/\$\{(\w+)(?:\.columns)?\}/g,
					(text, name: string) => columnsOfConstant(source, name) ?? text
				)
				.split(",")
				.map(column => column.trim().replaceAll('"', ""))
		}))
	);
}

/** `table(column, …)` for an insert that leaves out columns without a default; undefined if it has all. */
export function leftOut({ table, columns }: Insert, tables: Map<string, Column[]>) {
	const all = tables.get(table);
	if (!all) return `${table} is no table`;
	const unknown = columns.filter(name => !all.some(column => column.name === name));
	if (unknown.length > 0) return `${table} has no ${unknown.join(", ")}`;
	const names = all
		.filter(({ name, isNullable, isRequired }) =>
			columns.includes(name) ? false : isNullable || isRequired
		)
		.map(({ name, isRequired }) => (isRequired ? `${name}!` : name));
	return names.length > 0 ? `${table}(${names.join(", ")})` : undefined;
}

/** Tables of inserts that name no columns, so that no reader sees which they mean. */
export function withoutColumns(sources: Sources): string[] {
	const any = /\binsert into ((?:\w+|\$\{[\w.#]+\})\.\w+)(?: as \w+)?\s+(\S)/g;
	return Object.values(sources).flatMap(source =>
		[...source.matchAll(any)].filter(([, , next]) => next !== "(").map(([, table]) => table!)
	);
}
