import type { Account, Options } from "./api-client.ts";

/** One line of the tables of what is refused: who sends what, and the problem they are answered with. */
export interface Row {
	what: string;
	/** Method and path. `{name}`, here and in the body, stands for something of the test's world. */
	to: string;
	by: Account | "anonymous";
	send: Options;
	/** Status and code. */
	answer: string;
	/** One of the faults it names. */
	pointer?: string;
}

/** Under this key every command of the world has done something already. */
export const usedKey = "used-before";
export const reused = "422 idempotency-key-reused";

/** What of a row differs from those around it. */
export type Cell = [what: string, over: object, answer: string, pointer?: string];

export const invalid = "422 validation-failed";

/** Rows to one place that each lay something over a body which would be taken. */
export function over(to: string, by: Row["by"], validBody: object, cells: Cell[]): Row[] {
	return cells.map(([what, change, answer, pointer]) => {
		return { what, to, by, send: { body: { ...validBody, ...change } }, answer, pointer };
	});
}

/** Rows that each ask for something else by a query. */
export function queries(path: string, by: Row["by"], cells: [string, string, string?][]): Row[] {
	return cells.map(([query, pointer, answer = invalid]) => {
		return { what: `?${query}`, to: `GET ${path}?${query}`, by, send: {}, answer, pointer };
	});
}

/** The same rows under a key that was used for something else. */
export function again(rows: Row[]): Row[] {
	return rows.map(row => ({ ...row, send: { ...row.send, key: usedKey } }));
}
