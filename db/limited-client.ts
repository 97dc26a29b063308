import pg from "pg";
import { withOwnOptions } from "../config/database-url.ts";
import { answerWithinMs, connectTimeoutMs, keepAliveDelayMs } from "./session-settings.ts";

export interface LimitedClientOptions extends pg.ClientConfig {
	/** Longest wait for an answer, in ms. */
	answerWithinMs?: number;
}

/** Longest wait for the server to close a connection that says goodbye, in ms. */
const goodbyeMs = 2000;

type Connection = NodeJS.EventEmitter & {
	stream: NodeJS.ReadableStream & { destroy(error?: Error): void };
};

/** The code of Node for a peer that does not answer, so that it counts as one (lib/database-error.ts). */
function noAnswer(ms: number): Error {
	const message = `Postgres has not answered for ${ms / 1000} s`;
	return Object.assign(new Error(message), { code: "ETIMEDOUT" });
}

/**
 * A connection on which each wait has a limit: for the connection, for an answer, and for a peer that is gone. One that
 * does not answer is destroyed, and all its queries fail: an answer that comes late finds no client. With pg's own
 * `query_timeout` the connection would go back into its pool, and its next user would wait behind the lost answer.
 */
export class LimitedClient extends pg.Client {
	/** Longest wait for an answer, in ms. */
	answerWithinMs: number;
	#timer: NodeJS.Timeout | undefined;
	#isClosed = false;

	constructor({ answerWithinMs: limitMs = answerWithinMs, ...options }: LimitedClientOptions = {}) {
		const { connectionString } = options;
		super({
			connectionTimeoutMillis: connectTimeoutMs,
			keepAlive: true,
			keepAliveInitialDelayMillis: keepAliveDelayMs,
			...options,
			...(connectionString && withOwnOptions(connectionString, options.options))
		});
		this.answerWithinMs = limitMs;
		// An answer arrived; the next query of the queue is waiting for its own.
		this.#connection.on("readyForQuery", () => this.#timer && this.#expectAnswer());
		this.on("drain", () => this.#stopTimer());
		this.#connection.once("end", () => {
			this.#isClosed = true;
			this.#stopTimer();
		});
	}

	/** The member of pg that its types leave out. */
	get #connection(): Connection {
		return (this as unknown as { connection: Connection }).connection;
	}

	// `never` fits the result of every overload of pg, whose arguments are passed on as they are: callers see `pg.Client`.
	override query(...args: unknown[]): never {
		if (!this.#timer) this.#expectAnswer();
		return (super.query as (...given: unknown[]) => never)(...args);
	}

	override end(...args: unknown[]): never {
		this.#stopTimer();
		// The goodbye is sent, and a peer that is silent does not close its side.
		if (!this.#isClosed)
			this.#timer = setTimeout(() => this.#connection.stream.destroy(), goodbyeMs);
		return (super.end as (...given: unknown[]) => never)(...args);
	}

	#expectAnswer(): void {
		this.#stopTimer();
		if (this.#isClosed) return;
		const ms = this.answerWithinMs;
		this.#timer = setTimeout(() => this.#connection.stream.destroy(noAnswer(ms)), ms);
	}

	#stopTimer(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}
}
