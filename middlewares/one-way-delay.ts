/** Clocks of two hosts drift by up to 0.1 ms a second; over so long that is 60 ms. */
const periodMs = 600_000;

/**
 * A machine that is suspended stops its monotonic clock, and its wall clock goes on: from then on all differences are
 * larger by as much as the origin of its monotonic clock has moved. When so many messages in a row, over so long, were all
 * slower than the base by so much, and that is what the origin has moved by, the clock has changed, not the way: messages
 * that wait at a busy receiver are slower too, and their sender's origin stands.
 */
const shift = { messages: 5, overMs: 5000, byMs: 1000 };

/** When a message was sent, in ms. */
export interface Sending {
	/** By the sender's monotonic clock. */
	sentAtMs: number;
	/** What the sender's wall clock shows when its monotonic clock is 0. */
	clockOriginMs: number;
}

/** Between arrival and sending, with the origin of the sender's clock at that time. */
interface Difference {
	ms: number;
	clockOriginMs: number;
}

/** Messages in a row. */
interface Recent {
	since: number;
	count: number;
	smallest: Difference;
}

interface Base {
	since: number;
	/** The smallest difference of this period, and of the one before it. */
	current: Difference;
	previous: Difference;
	recent: Recent;
}

const none: Difference = { ms: Infinity, clockOriginMs: 0 };
const smaller = (a: Difference, b: Difference) => (b.ms < a.ms ? b : a);
const noneRecent = (since: number): Recent => ({ since, count: 0, smallest: none });

/**
 * How long messages waited on their way, when sender and receiver have clocks that differ by any amount and do not
 * step (monotonic ones). The smallest difference between arrival and sending is that of a message that did not wait;
 * what is more in another one is its waiting time: the base delay of LEDBAT (RFC 6817, section 4.2), with a history of
 * two periods, since clocks drift.
 */
export class OneWayDelay {
	readonly #bases = new Map<string, Base>();

	/**
	 * @param arrivedAtMs by the receiver's monotonic clock
	 * @returns ms that this message waited longer than the fastest one of its sender; 0 for the first
	 */
	waitedMs(sender: string, { sentAtMs, clockOriginMs }: Sending, arrivedAtMs: number): number {
		const difference = { ms: arrivedAtMs - sentAtMs, clockOriginMs };
		const base = this.#baseOf(sender, arrivedAtMs);
		base.current = smaller(base.current, difference);
		followShift(base, difference, arrivedAtMs);
		return difference.ms - smaller(base.current, base.previous).ms;
	}

	#baseOf(sender: string, now: number): Base {
		const known = this.#bases.get(sender);
		if (known && now - known.since < periodMs) return known;
		// One that is older says nothing of the clocks of today.
		const isRecent = known !== undefined && now - known.since < 2 * periodMs;
		const previous = isRecent ? known.current : none;
		const base = { since: now, current: none, previous, recent: noneRecent(now) };
		if (!known) this.#forget(now);
		this.#bases.set(sender, base);
		return base;
	}

	/** Of senders that are gone: every process has a name of its own. */
	#forget(now: number): void {
		for (const [sender, { since }] of this.#bases)
			if (now - since >= 2 * periodMs) this.#bases.delete(sender);
	}
}

/** Takes the fastest of the latest messages for the base if the sender's clock has changed. */
function followShift(base: Base, difference: Difference, now: number): void {
	const { recent } = base;
	recent.count++;
	recent.smallest = smaller(recent.smallest, difference);
	if (recent.count < shift.messages || now - recent.since < shift.overMs) return;
	const known = smaller(base.current, base.previous);
	const increaseMs = recent.smallest.ms - known.ms;
	const movedMs = recent.smallest.clockOriginMs - known.clockOriginMs;
	if (increaseMs > shift.byMs && Math.abs(increaseMs - movedMs) < shift.byMs)
		Object.assign(base, { current: recent.smallest, previous: none });
	base.recent = noneRecent(now);
}
