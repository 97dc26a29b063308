/** Settings of every session of the product with Postgres, and the time limits of its clients. */

/** In ms, by the names of settings of Postgres: what a session of a service may take. */
export const sessionLimits = {
	statement_timeout: 5000,
	lock_timeout: 2000,
	idle_in_transaction_session_timeout: 10_000
};

/** In ms: `statement_timeout` of operations on much data, that no customer waits for. */
export const longStatementMs = 30_000;

/**
 * How long after the server's own limit a client still waits for an answer, in ms. Then the answer, or the server's
 * error, was lost on the way.
 */
const graceMs = 2000;

/** Longest wait of a service for an answer, in ms. */
export const answerWithinMs = sessionLimits.statement_timeout + graceMs;
/** The same in a transaction that allows long statements. */
export const longAnswerWithinMs = longStatementMs + graceMs;
/** Longest wait of a command (verify, seed, restore) for an answer, in ms: the server sets it no limit. */
export const commandAnswerWithinMs = 600_000;

/** For a connection, and for one of a full pool. */
export const connectTimeoutMs = 5000;
export const idleTimeoutMs = 30_000;
/** Idle time of a connection before the kernel asks whether the other side is there, in ms. */
export const keepAliveDelayMs = 10_000;

/**
 * How the server finds that a client is gone without a word, whose locks would be held for the kernel's two hours: it
 * asks an idle connection after 10 s, and gives up after 3 questions of 5 s, or when what it sent is not acknowledged
 * for 25 s. Ignored on a Unix socket.
 */
const silentPeers = {
	tcp_keepalives_idle: "10s",
	tcp_keepalives_interval: "5s",
	tcp_keepalives_count: 3,
	tcp_user_timeout: "25s"
};

/**
 * A client that is frozen still acknowledges what it gets. Its session ends after a minute without a statement: pools
 * close idle connections before (`idleTimeoutMs`), and sessions of a service's own make statements more often.
 */
const frozenPeers = { idle_session_timeout: "60s" };

/**
 * All statements use keys. A session keeps a plan that it made while a table was empty, and would keep
 * scanning it as it grows, until the next autoanalyze: 23 instead of 100 orders per second on one
 * connection, after the first 20,000.
 */
const noSeqScan = { enable_seqscan: "off" };

export type SessionSettings = Readonly<Record<string, string | number>>;

/**
 * Without sequential scans a plan that needs one is estimated at 10^10, and Postgres compiles each plan that is as
 * expensive: one order took 1.8 s with a packaged Postgres, where this is on unless it was switched off.
 */
const noCompilation = { jit: "off" };

/**
 * A server, a database or a role may be configured otherwise: pg reads times in ISO format only, so that a sign-in failed,
 * and statements are written for this isolation.
 */
const formats = { datestyle: "ISO", default_transaction_isolation: "read\\ committed" };

/** Of every session. */
const everySession: SessionSettings = { ...silentPeers, ...noCompilation, ...formats };

/** Of the sessions of services. */
const serviceSession: SessionSettings = { ...everySession, ...sessionLimits, ...frozenPeers };

function startupOptions(settings: SessionSettings): string {
	return Object.entries(settings)
		.map(([name, value]) => `-c ${name}=${value}`)
		.join(" ");
}

/** The start-up option of sessions whose statements use keys. @param further settings of the pool */
export const keyedSession = (further: SessionSettings = {}) =>
	startupOptions({ ...serviceSession, ...noSeqScan, ...further });

/** The start-up option of sessions of models, which list and search too. */
export const modelSession = startupOptions(serviceSession);

/** The start-up option of sessions of commands, which may take long. */
export const commandSession = startupOptions(everySession);
