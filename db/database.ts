import { createHmac } from "node:crypto";
import pg from "pg";
import { anyArmed, failpoint, isArmed, type Failpoint } from "../lib/failpoint.ts";
import { databaseFault, isStalePlan } from "../lib/database-error.ts";
import { retry } from "../lib/retry.ts";
import { insideTransaction } from "../lib/transaction-scope.ts";
import { poolUse, type PoolUse } from "./pool-use.ts";
import { LimitedClient, type LimitedClientOptions } from "./limited-client.ts";
import {
	answerWithinMs,
	connectTimeoutMs,
	idleTimeoutMs,
	keyedSession,
	longAnswerWithinMs,
	longStatementMs,
	type SessionSettings
} from "./session-settings.ts";

/** A prepared statement: planned once per connection under its name. */
export interface Statement {
	readonly name: string;
	readonly text: string;
	/** Between the statement and its commit. Statement and commit are separate only if it is armed. */
	readonly beforeCommit?: Failpoint;
	readonly afterCommit?: Failpoint;
}

export interface DatabaseOptions {
	url: string;
	/** Most connections, for each durability. */
	pool: number;
	durability: "prefix" | "strict";
	/** Shown in pg_stat_activity. */
	name: string;
	onError?(error: Error): void;
}

export type Row = Record<string, unknown>;

/** bigint columns hold minor units and counters below 2^53; NUMERIC stays text. */
const types: pg.CustomTypesConfig = {
	getTypeParser: (oid, format) =>
		oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
};

/**
 * A service's connections to its own schema.
 *
 * Prefix durability (docs/decisions/0005): all services commit into one Postgres cluster, and a
 * synchronous commit flushes every earlier one. `query` waits for the disk; `deferred` does not, and is for
 * steps whose loss the saga would repeat and which are followed by a `query` before any response or
 * event. `DURABILITY=strict` makes the two the same; this file is the only switch.
 */
export class Database {
	readonly #syncPool: pg.Pool;
	readonly #asyncPool: pg.Pool;
	readonly #options: DatabaseOptions;
	#closing = false;

	constructor(options: DatabaseOptions) {
		this.#options = options;
		const open = (further?: SessionSettings) => {
			const pool = new pg.Pool({
				...this.#clientOptions(further),
				Client: LimitedClient,
				max: options.pool,
				idleTimeoutMillis: idleTimeoutMs,
				connectionTimeoutMillis: connectTimeoutMs
			});
			// Without a listener an idle connection that the server closes ends the process.
			pool.on("error", error => this.#closing || options.onError?.(error));
			return pool;
		};
		this.#syncPool = open();
		this.#asyncPool =
			options.durability === "strict" ? this.#syncPool : open({ synchronous_commit: "off" });
	}

	/** Of every connection, also of those that a pool opens. */
	#clientOptions(further?: SessionSettings): LimitedClientOptions {
		const { url, name } = this.#options;
		return {
			connectionString: url,
			application_name: name,
			options: keyedSession(further),
			answerWithinMs,
			types
		};
	}

	/** Runs one statement as its own transaction, which is on disk when it resolves. */
	query<R extends object = Row>(statement: Statement, values: unknown[] = []): Promise<R[]> {
		return this.#run(this.#syncPool, statement, values);
	}

	/** The same without waiting for the disk. The class says when that is allowed. */
	deferred<R extends object = Row>(statement: Statement, values: unknown[] = []): Promise<R[]> {
		return this.#run(this.#asyncPool, statement, values);
	}

	/**
	 * Several statements in one transaction. `work` may make no remote calls (a guard throws), and may run up
	 * to 4 times, if Postgres rolls it back, and once more for each connection whose plans a migration made stale.
	 */
	transaction<R>(work: (tx: Transaction) => Promise<R>): Promise<R> {
		return retryUndone(this.#options.pool, () => this.#transaction(this.#syncPool, work));
	}

	async #run<R extends object>(
		pool: pg.Pool,
		statement: Statement,
		values: unknown[]
	): Promise<R[]> {
		if (anyArmed()) return this.#runToFailpoints(pool, statement, values);
		return retryUndone(
			this.#options.pool,
			async () => (await pool.query<R>({ ...statement, values })).rows
		);
	}

	async #runToFailpoints<R extends object>(
		pool: pg.Pool,
		statement: Statement,
		values: unknown[]
	): Promise<R[]> {
		const { beforeCommit, afterCommit } = statement;
		const rows =
			beforeCommit && isArmed(beforeCommit)
				? await this.#transaction(pool, async tx => {
						const found = await tx.query<R>(statement, values);
						await failpoint(beforeCommit);
						return found;
					})
				: (await pool.query<R>({ ...statement, values })).rows;
		if (afterCommit) await failpoint(afterCommit);
		return rows;
	}

	async #transaction<R>(pool: pg.Pool, work: (tx: Transaction) => Promise<R>): Promise<R> {
		const client = (await pool.connect()) as pg.PoolClient & Pick<LimitedClient, "answerWithinMs">;
		const tx: Transaction = {
			query: async (statement, values = []) =>
				(await client.query({ ...statement, values })).rows as never[],
			async allowLongStatements() {
				client.answerWithinMs = longAnswerWithinMs;
				await client.query(longStatements);
			}
		};
		let broken: Error | undefined;
		// A cut connection also emits an error event; without a listener it ends the process.
		const onConnectionLost = (error: Error) => (broken = error);
		client.on("error", onConnectionLost);
		try {
			await client.query("begin");
			const result = await insideTransaction(() => work(tx));
			await client.query("commit");
			return result;
		} catch (error) {
			// A connection that cannot roll back must not go back into the pool.
			await client.query("rollback").catch((e: Error) => (broken = e));
			if (isStalePlan(error)) broken = error as Error;
			throw error;
		} finally {
			client.off("error", onConnectionLost);
			client.answerWithinMs = answerWithinMs;
			client.release(broken);
		}
	}

	/**
	 * A connection of one's own, for locks and notifications that belong to a session.
	 * @param options `onLost` is called once when it breaks, `onNotice` with notifications
	 */
	async session({ onLost, onNotice }: SessionOptions): Promise<Session> {
		const client: pg.Client = new LimitedClient(this.#clientOptions());
		let isOpen = true;
		const lose = (error?: Error) => {
			if (isOpen) onLost(error ?? new Error("the connection was closed"));
			isOpen = false;
		};
		client.on("error", lose);
		client.on("end", lose);
		client.on("notification", ({ payload = "" }) => onNotice?.(payload));
		await client.connect();
		return {
			query: async (statement, values = []) =>
				(await client.query({ ...statement, values })).rows as never[],
			async close() {
				isOpen = false;
				await client.end().catch(() => undefined);
			}
		};
	}

	/** Work over a connection of its own, which is closed afterwards: it does not wait for one of a full pool. */
	async apart<R>(work: (session: Session) => Promise<R>): Promise<R> {
		const session = await this.session({ onLost: () => undefined });
		return work(session).finally(() => session.close());
	}

	/** What its pools hold now; one pool when both durabilities are the same. */
	pools(): PoolUse[] {
		const durable = poolUse("durable", this.#syncPool, this.#options.pool);
		if (this.#asyncPool === this.#syncPool) return [durable];
		return [durable, poolUse("deferred", this.#asyncPool, this.#options.pool)];
	}

	async close(): Promise<void> {
		this.#closing = true;
		await this.#syncPool.end();
		if (this.#asyncPool !== this.#syncPool) await this.#asyncPool.end();
	}
}

/** Until the end of the transaction. */
const longStatements = {
	name: "allow_long_statements",
	text: `select set_config('statement_timeout', '${longStatementMs}', true)`
};

const undoneAttempts = 4;

/**
 * Retries a transaction that Postgres has rolled back because of others: a deadlock (40P01), a serialisation failure
 * (40001), or a migration that changed what a prepared statement returns. Never a commit whose connection broke: its outcome is unknown.
 */
function retryUndone<R>(pool: number, work: () => Promise<R>): Promise<R> {
	// Each connection of the pool may have the plan, and is closed when it fails by it.
	const withNewPlan = () =>
		retry(work, { pauseMs: () => 0, attempts: pool + 1, isRetryable: isStalePlan });
	return retry(withNewPlan, {
		// Random, so that transactions that conflicted do not conflict again.
		pauseMs: failures => Math.random() * 20 * 2 ** (failures - 1),
		attempts: undoneAttempts,
		isRetryable: error => !isStalePlan(error) && databaseFault(error) === "undone"
	});
}

export interface SessionOptions {
	onLost(error: Error): void;
	onNotice?(payload: string): void;
}

export interface Session {
	query<R extends object = Row>(statement: Statement, values?: unknown[]): Promise<R[]>;
	close(): Promise<void>;
}

export interface Transaction {
	query<R extends object = Row>(statement: Statement, values?: unknown[]): Promise<R[]>;
	/** Lets its statements take 30 s: operations on much data, that no customer waits for. */
	allowLongStatements(): Promise<void>;
}

/**
 * Schema and login role of each service. A role's password is derived from the owner's, so one
 * DATABASE_URL configures a whole development cluster; in production each service has its own URL.
 */
export const schemas = {
	stream: "streams",
	user: "users",
	product: "product",
	order: "orders",
	payment: "payment",
	notification: "notification",
	analytics: "analytics",
	webhook: "webhook"
} as const;

/**
 * Schemas that several services use, by the folder of their migrations, which grant each service what it needs. They
 * have no role.
 */
export const sharedSchemas = { idempotency: "idempotency" } as const;

export function roleOf(service: keyof typeof schemas): string {
	return `shop_${schemas[service]}`;
}

export function rolePassword(ownerUrl: string, role: string): string {
	const { password } = new URL(ownerUrl);
	return createHmac("sha256", decodeURIComponent(password)).update(role).digest("base64url");
}

/** The URL of a service's connections: its own when configured, else derived from the owner's. */
export function serviceUrl(ownerUrl: string, service: keyof typeof schemas): string {
	const url = new URL(ownerUrl);
	const role = roleOf(service);
	url.username = role;
	url.password = rolePassword(ownerUrl, role);
	return url.toString();
}
