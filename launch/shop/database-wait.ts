import { withClient } from "../../db/client.ts";
import { driverError } from "../../lib/database-error.ts";
import { retry } from "../../lib/retry.ts";
import { explainDatabase } from "../process/launch-error.ts";

/** How long to wait between two connections, in ms. */
const pauseMs = 1000;

/** Between two lines that say what it waits for, in ms. */
const reportEveryMs = 5000;

/** No process or no name yet, no way to it yet, and a server that starts up (57P03). A wrong password or database is none. */
const awayCodes = new Set([
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN",
	"ETIMEDOUT",
	"EHOSTUNREACH",
	"57P03"
]);

/** Whether no Postgres answers, which may change without anybody's help. */
export function isPostgresAway(error: unknown): boolean {
	const { code, message } = driverError(error);
	// That of pg for a connection that is not made in time has no code.
	return awayCodes.has(String(code)) || message === "timeout expired";
}

export interface DatabaseWait {
	/** How long it tries, in s; 0 for once. */
	seconds: number;
	onProgress(step: string): void;
	connect?(url: string): Promise<unknown>;
	/** In ms. */
	pauseMs?: number;
}

const connectOnce = (url: string) => withClient(url, async () => undefined);

/**
 * Resolves once Postgres takes a connection. In a new cluster a server starts only after its image is there, while the
 * job of the migration runs already.
 * @throws LaunchError at once when Postgres answers with a refusal, or when it is still away after the time
 */
export async function awaitDatabase(url: string, wait: DatabaseWait): Promise<void> {
	const { seconds, onProgress, connect = connectOnce } = wait;
	const end = performance.now() + seconds * 1000;
	let reportedAt = -Infinity;
	const onError = (error: Error) => {
		const now = performance.now();
		if (now - reportedAt < reportEveryMs) return;
		reportedAt = now;
		const { code, message } = driverError(error);
		const left = Math.ceil((end - now) / 1000);
		onProgress(
			`Postgres at ${new URL(url).host} does not answer yet (${String(code ?? message)}): tries for ${left} s more`
		);
	};
	await retry(() => connect(url), {
		pauseMs: () => wait.pauseMs ?? pauseMs,
		withinMs: seconds * 1000,
		isRetryable: isPostgresAway,
		onError
	}).catch(error => {
		throw explainDatabase(error, url);
	});
}
