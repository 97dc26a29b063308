/**
 * Preloaded into a shop (`NODE_OPTIONS=--import`): when the process ends, each statement that it sent to Postgres is in
 * the file STATEMENTS_FILE, once: prepared ones by name, others by their text without its literals.
 */
import { writeFileSync } from "node:fs";
import pg from "pg";

export interface RecordedStatement {
	/** Undefined for one that is not prepared. */
	name?: string;
	text: string;
}

const literals = /'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b/g;
const found = new Map<string, RecordedStatement>();

type Query = (this: pg.Client, config: unknown, ...rest: unknown[]) => unknown;
const prototype = pg.Client.prototype as unknown as { query: Query };
const query = prototype.query;
prototype.query = function record(config, ...rest) {
	const { name, text } =
		typeof config === "string" ? { text: config, name: undefined } : (config as RecordedStatement);
	if (typeof text === "string") {
		const key = name ?? text.replaceAll(literals, "?");
		if (!found.has(key)) found.set(key, name === undefined ? { text } : { name, text });
	}
	return query.call(this, config, ...rest);
};

process.on("exit", () =>
	writeFileSync(process.env.STATEMENTS_FILE!, JSON.stringify([...found.values()]))
);
