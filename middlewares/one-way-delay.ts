import type { EventLoopUtilization } from "node:perf_hooks";

/** Clocks of two hosts drift by up to 0.1 ms a second; over so long that is 60 ms. */
const periodMs = 600_000;

/**
 * A machine that is suspended stops its monotonic clock: from then on all differences are larger. When so many messages in
 * a row, over so long, were all slower than the base by so much, though this process was not busy, the clocks have
 * changed, not the way: messages that wait for a busy process are slower too.
 */
const shift = { messages: 5, overMs: 5000, byMs: 1000 };

/** The share of time that the event loop of a busy process works. */
const busyShare = 0.9;

/** Messages in a row. */
interface Recent {
	since: number;
	/** The work of the event loop until then. */
	load: EventLoopUtilization;
	count: number;
	smallest: number;
}

interface Base {
	since: number;
	/** The smallest difference of this period, and of the one before it. */
	current: number;
	previous: number;
	recent: Recent;
}

/**
 * How long messages waited on their way, when sender and receiver have clocks that differ by any amount and do not
 * step (monotonic ones). The smallest difference between arrival and sending is that of a message that did not wait;
 * what is more in another one is its waiting time: the base delay of LEDBAT (RFC 6817, section 4.2), with a history of
 * two periods, since clocks drift.
 */
export class OneWayDelay {
	readonly #bases = new Map<string, Base>();
	readonly #loadOf: typeof performance.eventLoopUtilization;

	/** @param loadOf of this process's event loop: until now without a parameter, else since then */
	constructor(loadOf = performance.eventLoopUtilization) {
		this.#loadOf = loadOf;
	}

	/**
	 * Both times in ms, each of its own clock.
	 * @returns ms that this message waited longer than the fastest one of its sender; 0 for the first
	 */
	waitedMs(sender: string, sentAt: number, arrivedAt: number): number {
		const difference = arrivedAt - sentAt;
		const base = this.#baseOf(sender, arrivedAt);
		base.current = Math.min(base.current, difference);
		this.#followShift(base, difference, arrivedAt);
		return difference - Math.min(base.current, base.previous);
	}

	#baseOf(sender: string, now: number): Base {
		const known = this.#bases.get(sender);
		if (known && now - known.since < periodMs) return known;
		// One that is older says nothing of the clocks of today.
		const isRecent = known !== undefined && now - known.since < 2 * periodMs;
		const previous = isRecent ? known.current : Infinity;
		const base = { since: now, current: Infinity, previous, recent: this.#recent(now) };
		if (!known) this.#forget(now);
		this.#bases.set(sender, base);
		return base;
	}

	/** Of senders that are gone: every process has a name of its own. */
	#forget(now: number): void {
		for (const [sender, { since }] of this.#bases)
			if (now - since >= 2 * periodMs) this.#bases.delete(sender);
	}

	#recent(now: number): Recent {
		return { since: now, load: this.#loadOf(), count: 0, smallest: Infinity };
	}

	/** Takes the fastest of the latest messages for the base if the clocks have changed. */
	#followShift(base: Base, difference: number, now: number): void {
		const { recent } = base;
		recent.count++;
		recent.smallest = Math.min(recent.smallest, difference);
		if (recent.count < shift.messages || now - recent.since < shift.overMs) return;
		const increaseMs = recent.smallest - Math.min(base.current, base.previous);
		if (increaseMs > shift.byMs && this.#loadOf(recent.load).utilization < busyShare)
			Object.assign(base, { current: recent.smallest, previous: Infinity });
		base.recent = this.#recent(now);
	}
}
