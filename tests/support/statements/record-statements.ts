/**
 * Preloaded into a shop (`NODE_OPTIONS=--import`): when the process ends, the file STATEMENTS_FILE has each statement that
 * it sent to Postgres once, prepared ones by name and others by their text without its literals, and the pools that it
 * used.
 */
import { writeFileSync } from "node:fs";
import pg from "pg";

export interface RecordedStatement {
	/** Undefined for one that is not prepared. */
	name?: string;
	text: string;
}

export interface RecordedUse {
	statements: RecordedStatement[];
	/** Most connections of each pool of pg; models have another pool. */
	poolSizes: number[];
}

const literals = /'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b/g;
const found = new Map<string, RecordedStatement>();
const pools = new Set<pg.Pool>();

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

type Connect = (this: pg.Pool, ...args: unknown[]) => unknown;
const poolPrototype = Object.getPrototypeOf(pg.Pool.prototype) as { connect: Connect };
const connect = poolPrototype.connect;
poolPrototype.connect = function record(...args) {
	pools.add(this);
	return connect.apply(this, args);
};

process.on("exit", () => {
	const poolSizes = [...pools].map(({ options }) => options.max);
	const use: RecordedUse = { statements: [...found.values()], poolSizes };
	writeFileSync(process.env.STATEMENTS_FILE!, JSON.stringify(use));
});
