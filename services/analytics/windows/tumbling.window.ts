/**
 * One-minute tumbling windows over event time, by currency. Everything here is pure: times are milliseconds
 * since the epoch, and `now` is the database's clock.
 *
 * A minute without sales has no window and no result: a minute before the watermark without a window had no
 * sales.
 */

export const windowMs = 60_000;
/** How far events may be out of order before a window is emitted too early. */
export const maxOutOfOrdernessMs = 5_000;
/** A partition that is read to its end and idle for so long does not delay the watermark. */
export const idleTimeoutMs = 10_000;
/** Corrections because of late events are emitted at most this often. */
export const correctEveryMs = 5_000;
/** How long after its end a window accepts late events; tally.window.ts decides, intake.ts stores what is later. */
export const allowedLatenessMs = 24 * 3_600_000;

export interface Key {
	start: number;
	currency: string;
}

export const startOf = (at: number) => Math.floor(at / windowMs) * windowMs;

/** True once the window cannot change any more. */
export function isFinal(start: number, watermark: number): boolean {
	return start + windowMs + allowedLatenessMs <= watermark;
}

/** Progress of a partition. */
export interface Partition {
	/** The latest event time in it; undefined when none was read. */
	seenUntil: number | undefined;
	/** Messages that are not read yet. */
	lag: number;
	/** When a message was last read from it, or when it was first seen. */
	heardAt: number;
}

const isIdle = ({ lag, heardAt }: Partition, now: number) =>
	lag <= 0 && now - heardAt >= idleTimeoutMs;

/**
 * The watermark: no event from before it is expected. The minimum over the partitions and the clock, so that
 * it advances while all are idle, and does not run ahead.
 */
export function watermarkOf(partitions: readonly Partition[], now: number): number {
	const active = partitions.filter(partition => !isIdle(partition, now));
	const times = active.map(({ seenUntil }) => seenUntil ?? -Infinity);
	return Math.min(now, ...times) - maxOutOfOrdernessMs;
}

/** A stored window. */
export interface Window extends Key {
	orders: number;
	revenue: number;
	users: number;
	/** How often it was emitted. */
	revision: number;
	/** It has changed since. */
	dirty: boolean;
	/** When it was last emitted. */
	emittedAt: number | undefined;
	final: boolean;
	/** The result that was last emitted, if there is one. */
	emitted?: Omit<Result, "start" | "currency" | "average"> | null;
}

/** An emitted result of a window, which replaces earlier ones. */
export interface Result extends Key {
	orders: number;
	revenue: number;
	users: number;
	/** Minor units. */
	average: number;
	/** The highest revision is current. */
	revision: number;
	final: boolean;
}

/** Revenue per order in minor units, rounded half to even; exact at any size; 0 without orders. */
export function averageOf(revenue: number, orders: number): number {
	if (orders === 0) return 0;
	const [sum, count] = [BigInt(revenue), BigInt(orders)];
	const quotient = sum / count;
	const twice = (sum % count) * 2n;
	const up = twice > count || (twice === count && quotient % 2n === 1n);
	return Number(up ? quotient + 1n : quotient);
}

/** The result of a window's current state. */
function currentResult(window: Window, watermark: number): Result {
	const { start, currency, orders, revenue, users, revision } = window;
	const average = averageOf(revenue, orders);
	const final = isFinal(start, watermark);
	return { start, currency, orders, revenue, users, average, revision, final };
}

/** A replay or a refill may find what readers know already. After a restore they may know a higher revision. */
const isEmitted = (result: Result, { emitted, revision }: Window) =>
	emitted?.revision === revision &&
	emitted.orders === result.orders &&
	emitted.revenue === result.revenue &&
	emitted.users === result.users &&
	emitted.final === result.final;

/**
 * The result to emit now, if any: once when the watermark passes the window's end, again when it has changed,
 * though not too often, and a last time when it becomes final. A result that was emitted keeps its revision.
 */
export function emission(window: Window, watermark: number, now: number): Result | undefined {
	const { start, revision, dirty, emittedAt = -Infinity } = window;
	if (start + windowMs > watermark) return undefined;
	const result = currentResult(window, watermark);
	const isIntervalOver = revision === 0 || now - emittedAt >= correctEveryMs;
	const isDue = (dirty && isIntervalOver) || (!dirty && result.final && !window.final);
	if (!isDue) return undefined;
	return isEmitted(result, window) ? result : { ...result, revision: revision + 1 };
}
