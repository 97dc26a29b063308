import type pg from "pg";
import { backoffMs } from "../lib/backoff.ts";
import { sqlState } from "../lib/database-error.ts";
import { Periodic } from "../lib/periodic.ts";
import { retry } from "../lib/retry.ts";
import { newClient } from "./client.ts";

export interface GiveWayOptions {
	/** No attempt begins later than this, in ms: 5 minutes by default. */
	withinMs?: number | undefined;
	/** Called with a line after each attempt that gave way. */
	onProgress?: ((line: string) => void) | undefined;
}

/**
 * Longest wait for a lock of a table, in ms: while it waits, the statements of a shop that runs queue behind it, and
 * they wait for 2 s.
 */
export const lockTimeoutMs = 1000;
export const defaultWithinMs = 300_000;
const [firstPauseMs, longestPauseMs] = [1000, 10_000];
const watchEveryMs = 200;

interface Blocker {
	pid: number;
	name: string;
	/** Null where the owner of the database may not see it, as `seconds`. */
	state: string | null;
	seconds: number | null;
}

const blockersOf = `
	select pid, coalesce(nullif(application_name, ''), usename::text, 'unnamed') as name, state,
		round(extract(epoch from clock_timestamp() - xact_start))::int as seconds
	from pg_stat_activity where pid = any (pg_blocking_pids($1)) order by xact_start`;

const describe = ({ pid, name, state, seconds }: Blocker) =>
	`session ${pid} (${[name, state, seconds !== null && `for ${seconds} s`].filter(Boolean).join(", ")})`;

/** Sees over a connection of its own for whom a session waits: after its wait nothing shows that any more. */
class BlockerWatch {
	readonly #waiting: Promise<number>;
	readonly #ownerUrl: string;
	readonly #periodic: Periodic;
	/** Undefined until one is connected, and after one failed. */
	#client: pg.Client | undefined;
	#seen: Blocker[] = [];

	constructor(ownerUrl: string, client: pg.Client) {
		const own = client.query<{ pid: number }>("select pg_backend_pid() as pid");
		this.#waiting = own.then(({ rows }) => rows[0]!.pid);
		this.#ownerUrl = ownerUrl;
		// Without it the work only knows less about its failure.
		const onError = () => undefined;
		this.#periodic = new Periodic({ everyMs: watchEveryMs, work: () => this.#look(), onError });
	}

	static async during<R>(
		ownerUrl: string,
		client: pg.Client,
		work: (watch: BlockerWatch) => Promise<R>
	): Promise<R> {
		const watch = new BlockerWatch(ownerUrl, client);
		await watch.#waiting;
		watch.#periodic.start();
		try {
			return await work(watch);
		} finally {
			await watch.#periodic.stop();
			await watch.#client?.end();
		}
	}

	/** Those of the last wait. */
	get words(): string {
		return this.#seen.map(describe).join(", ") || "another session";
	}

	async #look(): Promise<void> {
		const waiting = await this.#waiting;
		const client = this.#client ?? (await this.#connected());
		// A client whose connection failed never works again, so it is only kept after an answer.
		this.#client = undefined;
		try {
			const { rows } = await client.query<Blocker>(blockersOf, [waiting]);
			if (rows.length > 0) this.#seen = rows;
			this.#client = client;
		} finally {
			if (!this.#client) await client.end().catch(() => undefined);
		}
	}

	async #connected(): Promise<pg.Client> {
		const session = { connectionString: this.#ownerUrl, application_name: "shop lock watch" };
		const client = newClient(session);
		await client.connect().catch(async error => {
			await client.end().catch(() => undefined);
			throw error;
		});
		return client;
	}
}

/**
 * 55P03: the time limit for a lock; 40P01: a deadlock with a statement of the shop; a right that another session granted
 * meanwhile, which has no code of its own.
 */
const gaveWay = (error: unknown) =>
	["55P03", "40P01"].includes(sqlState(error) ?? "") ||
	/^tuple concurrently updated/.test((error as Error).message);

/**
 * Repeats work that locks tables until it gets its locks: each attempt gives up after `lockTimeoutMs`, so that a shop
 * that runs goes on between the attempts, however long another session keeps a table.
 * @param work undoes what it did when it fails
 * @param what it is, for the lines and the error
 * @throws Error that names the sessions it waited for
 */
export function giveWay<R>(
	ownerUrl: string,
	client: pg.Client,
	what: string,
	work: () => Promise<R>,
	{ withinMs = defaultWithinMs, onProgress }: GiveWayOptions = {}
): Promise<R> {
	return BlockerWatch.during(ownerUrl, client, watch =>
		retry(work, {
			pauseMs: failures => backoffMs(failures, firstPauseMs, longestPauseMs),
			withinMs,
			isRetryable: gaveWay,
			onError: () => onProgress?.(`${what} waits for ${watch.words}, trying again`)
		}).catch(error => {
			if (!gaveWay(error)) throw error;
			const waited = `${what} waited ${withinMs / 1000} s for ${watch.words}`;
			throw new Error(`${waited}: end it, or try again later`, { cause: error });
		})
	);
}
