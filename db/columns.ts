/**
 * The columns of a row, each behind the alias of its table: `columns("o")` is `o.id, o.user_id`. Statements name their
 * columns: with `*` the result of a prepared one changes when a migration adds a column, and Postgres then refuses it
 * (0A000) on every connection that is open.
 */
export function columnsOf<R extends object>(
	columns: Readonly<Record<keyof R, true>>
): (alias: string) => string {
	const names = Object.keys(columns);
	return alias => names.map(name => `${alias}.${name}`).join(", ");
}
