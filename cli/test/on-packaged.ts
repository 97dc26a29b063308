/**
 * System tests that run again on a Postgres as it is packaged, whose version is often an older one: the SQL of each
 * service, and those with the most forms of statements.
 */
const files: readonly [folder: string, names: readonly string[]][] = [
	["analytics", ["windows"]],
	["db", ["database", "migrate", "session-settings"]],
	["idempotency", ["keys"]],
	["notification", ["messages"]],
	["order", ["placement", "concurrency"]],
	["payment", ["charges"]],
	["product", ["search", "stock"]],
	["streams", ["postgres"]],
	["user", ["accounts", "standings"]],
	["webhook", ["endpoint"]]
];

export const onPackaged = files.flatMap(([folder, names]) =>
	names.map(name => `tests/integration/${folder}/${name}.test.ts`)
);
