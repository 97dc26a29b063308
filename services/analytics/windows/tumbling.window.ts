/**
 * One-minute tumbling windows over event time, by currency. Everything here is decided from what it
 * is given: instants are milliseconds since the epoch, and `now` is the database's clock.
 *
 * A minute in which nothing was sold has no window and no result: behind the watermark, what is not
 * there is nought.
 */

export const windowMs = 60_000;
/** How far events may be out of order without a window being told of too early. */
export const maxOutOfOrdernessMs = 5_000;
/** A partition that is read to its end and silent for so long holds nobody up. */
export const idleTimeoutMs = 10_000;
/** What came late is told of at most this often. */
export const correctEveryMs = 5_000;
/** How long after its end a window still takes what comes late. */
export const allowedLatenessMs = 24 * 3_600_000;

export interface Key {
	start: number;
	currency: string;
}

export const startOf = (at: number) => Math.floor(at / windowMs) * windowMs;

/** True once nothing can change the window any more. */
export function isFinal(start: number, watermark: number): boolean {
	return start + windowMs + allowedLatenessMs <= watermark;
}

/** How far a partition of the stream was read. */
export interface Partition {
	/** The latest event time in it; undefined when none was read. */
	seenUntil: number | undefined;
	/** Messages that are not read yet. */
	lag: number;
	/** When something was last read from it, or when it was first heard of. */
	heardAt: number;
}

const isIdle = ({ lag, heardAt }: Partition, now: number) =>
	lag <= 0 && now - heardAt >= idleTimeoutMs;

/**
 * No event from before this is expected. The least of what each partition has come to; the clock is
 * the last of them, so that it goes on where all are idle, and none runs ahead of it.
 */
export function watermarkOf(partitions: readonly Partition[], now: number): number {
	const active = partitions.filter(partition => !isIdle(partition, now));
	const times = active.map(({ seenUntil }) => seenUntil ?? -Infinity);
	return Math.min(now, ...times) - maxOutOfOrdernessMs;
}

/** A window as it is kept. */
export interface Window extends Key {
	orders: number;
	revenue: number;
	users: number;
	/** How often it was told of. */
	revision: number;
	/** It has changed since. */
	dirty: boolean;
	/** When it was told of last. */
	emittedAt: number | undefined;
	final: boolean;
}

/** What is told of a window, in the place of what was told before. */
export interface Result extends Key {
	orders: number;
	revenue: number;
	users: number;
	/** Minor units. */
	average: number;
	/** The highest is what holds. */
	revision: number;
	final: boolean;
}

/** Revenue per order in minor units, rounded half to even; exact at any size; nought of no orders. */
export function averageOf(revenue: number, orders: number): number {
	if (orders === 0) return 0;
	const [sum, count] = [BigInt(revenue), BigInt(orders)];
	const quotient = sum / count;
	const twice = (sum % count) * 2n;
	const up = twice > count || (twice === count && quotient % 2n === 1n);
	return Number(up ? quotient + 1n : quotient);
}

/** What a window comes to as it stands, whether it is to be told or not. */
export function currentResult(window: Window, watermark: number): Result {
	const { start, currency, orders, revenue, users, revision } = window;
	const average = averageOf(revenue, orders);
	const final = isFinal(start, watermark);
	return { start, currency, orders, revenue, users, average, revision, final };
}

/**
 * What is to be told of a window now: once when the watermark passes its end, again when it has
 * changed, though not too often, and a last time when nothing can change it any more.
 */
export function emission(window: Window, watermark: number, now: number): Result | undefined {
	const { start, revision, dirty, emittedAt = -Infinity } = window;
	if (start + windowMs > watermark) return undefined;
	const result = currentResult(window, watermark);
	const isIntervalOver = revision === 0 || now - emittedAt >= correctEveryMs;
	const isDue = (dirty && isIntervalOver) || (!dirty && result.final && !window.final);
	return isDue ? { ...result, revision: revision + 1 } : undefined;
}
