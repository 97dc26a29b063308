import type { Account, Options } from "./api-client.ts";

/** One row of the tables of invalid requests: caller, request, and the expected problem. */
export interface Row {
	what: string;
	/** Method and path. `{name}`, here and in the body, is replaced by a fixture's value. */
	to: string;
	by: Account | "anonymous";
	send: Options;
	/** Status and code. */
	answer: string;
	/** A pointer to one of the invalid fields. */
	pointer?: string;
}

/** A key that every command of the fixtures was already used with. */
export const usedKey = "used-before";
export const reused = "422 idempotency-key-reused";

/** Properties of a row that differ from the others. */
export type Cell = [what: string, over: object, answer: string, pointer?: string];

export const invalid = "422 validation-failed";

/** Rows for one path that each override a part of a valid body. */
export function over(to: string, by: Row["by"], validBody: object, cells: Cell[]): Row[] {
	return cells.map(([what, change, answer, pointer]) => {
		return { what, to, by, send: { body: { ...validBody, ...change } }, answer, pointer };
	});
}

/** Rows with different queries. */
export function queries(path: string, by: Row["by"], cells: [string, string, string?][]): Row[] {
	return cells.map(([query, pointer, answer = invalid]) => {
		return { what: `?${query}`, to: `GET ${path}?${query}`, by, send: {}, answer, pointer };
	});
}

/** The same rows with a key that was already used. */
export function again(rows: Row[]): Row[] {
	return rows.map(row => ({ ...row, send: { ...row.send, key: usedKey } }));
}
