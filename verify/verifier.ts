import type pg from "pg";
import type { Config } from "../config/index.ts";

/** What a verifier works with. */
export interface VerifyContext {
	/** As the owner of all schemas, in one snapshot of the database that nothing may write to. */
	client: pg.Client;
	config: Config & { readonly databaseUrl: string };
	/** Says how far it has come. @param done so many of `things` so far */
	progress(done: number, things: string): void;
}

/** Goes through everything and gives each difference as a line of text. */
export type Verifier = (context: VerifyContext) => AsyncGenerator<string>;
