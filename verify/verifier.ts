import type pg from "pg";
import type { Config } from "../config/index.ts";

/** What a verifier gets. */
export interface VerifyContext {
	/** As the owner of all schemas, in one read-only snapshot of the database. */
	client: pg.Client;
	config: Config & { readonly databaseUrl: string };
	/** Reports progress. @param done so many of `things` so far */
	progress(done: number, things: string): void;
}

/** Checks everything and yields each difference as a line of text. */
export type Verifier = (context: VerifyContext) => AsyncGenerator<string>;
