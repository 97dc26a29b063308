import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "./backoff.ts";

/** Resolves after `ms`, or as soon as one of the signals is aborted. */
export async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
	const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
	await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** The work's result, or undefined when it takes longer than `ms`; the work goes on then. */
export async function within<R>(ms: number, work: Promise<R>): Promise<R | undefined> {
	const settled = new AbortController();
	const timeout = pause(Math.max(ms, 0), settled.signal) as Promise<undefined>;
	return Promise.race([work, timeout]).finally(() => settled.abort());
}

export interface RetryOptions {
	/** How long to wait after the n-th failure in a row. */
	pauseMs(failures: number): number;
	/** How often the work is tried at most; by default there is no limit. */
	attempts?: number;
	/** No attempt is made later than this; by default there is no limit. */
	withinMs?: number;
	/** By default every error is. */
	isRetryable?(error: unknown): boolean;
	/** Called with each failure after which the work is tried again. */
	onError?(error: Error): void;
}

/** Of connections to a server that is away: 0.1 s, doubled up to 5 s. */
export const reconnectPauseMs = (failures: number) => backoffMs(failures, 100, 5000);

/**
 * Repeats the work until it succeeds. Work that runs for long calls `onProgress`, so that pauses begin from the first
 * again. With a signal it resolves undefined once that is aborted.
 * @throws the last error when it may not be tried again
 */
export async function retry<R>(
	work: (onProgress: () => void) => Promise<R>,
	options: RetryOptions
): Promise<R>;
export async function retry<R>(
	work: (onProgress: () => void) => Promise<R>,
	options: RetryOptions & { signal: AbortSignal }
): Promise<R | undefined>;
export async function retry<R>(
	work: (onProgress: () => void) => Promise<R>,
	options: RetryOptions & { signal?: AbortSignal }
): Promise<R | undefined> {
	const { pauseMs, attempts = Infinity, withinMs = Infinity, signal } = options;
	const latest = performance.now() + withinMs;
	let failures = 0;
	for (let attempt = 1; !signal?.aborted; attempt++)
		try {
			return await work(() => (failures = 0));
		} catch (error) {
			const ms = pauseMs(++failures);
			const isLast = attempt >= attempts || performance.now() + ms > latest;
			if (isLast || options.isRetryable?.(error) === false) throw error;
			options.onError?.(error as Error);
			await pause(ms, ...(signal ? [signal] : []));
		}
	return undefined;
}

export interface PollOptions<R> {
	everyMs: number;
	withinMs?: number;
	/** By default: truthy. */
	isDone?(seen: R): boolean;
	isStopping?(): boolean;
}

/** Looks until what it sees is done, the time is over or it should stop. Answers what it saw last. */
export async function poll<R>(look: () => R | Promise<R>, options: PollOptions<R>): Promise<R> {
	const { everyMs, withinMs = Infinity, isDone = Boolean, isStopping } = options;
	const end = performance.now() + withinMs;
	for (;;) {
		const seen = await look();
		if (isDone(seen) || performance.now() >= end || isStopping?.()) return seen;
		await pause(Math.min(everyMs, Math.max(end - performance.now(), 0)));
	}
}
