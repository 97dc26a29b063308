import type { Standing } from "../../../contracts/user.ts";
import { fail } from "../../../lib/errors.ts";
import type { Identity } from "../../../lib/identity.ts";
import { Periodic } from "../../../lib/periodic.ts";

export interface StandingPage {
	data: Standing[];
	next: number;
	last: number;
	/** The database's time, with the page that says that there are no more changes. */
	now?: string;
}

export interface StandingListOptions {
	/** The next changes after a number, in order. */
	read(after: number): Promise<StandingPage>;
	/** Called once for each change that was read. */
	onChange(standing: Standing): void;
	/** Called with the database's time, just after it was read. */
	onTime?(now: Date): void;
	/** Called once for several failures in a row; at the start, when services look for each other, after some. */
	onError(error: Error): void;
	everyMs?: number;
	startWaitMs?: number;
}

/** Hints make a gateway look at once. A lost one is made up for by this, so that a change is known within a second. */
const sweepEveryMs = 250;
/** Failures in a row at the start that are not reported. */
const quietAtStart = 20;
/** Longest wait of a request for the first list. */
const firstListMs = 2000;
const defaults = { everyMs: sweepEveryMs, startWaitMs: firstListMs };

/**
 * Who was ever locked, or given another role, with what they may do now (docs/decisions/0025). A token says what its
 * user was when they signed in; this list says what they are. It is in memory, so it costs a request no call. While
 * the user service is down the list keeps its last state; commands of staff do not rely on it (`confirmed`).
 */
export class StandingList {
	readonly #options: StandingListOptions & typeof defaults;
	readonly #sweep: Periodic;
	readonly #byUser = new Map<string, Standing>();
	readonly #first = Promise.withResolvers<void>();
	#after = 0;
	#isKnown = false;
	#failures = 0;

	constructor(options: StandingListOptions) {
		this.#options = { ...defaults, ...options };
		this.#sweep = new Periodic({
			everyMs: this.#options.everyMs,
			firstAfterMs: 0,
			work: () => this.#readPage(),
			onError: error => this.#reportOnce(error)
		});
	}

	start(): void {
		this.#sweep.start();
	}

	stop(): Promise<void> {
		return this.#sweep.stop();
	}

	/** Looks now: for hints. */
	nudge(): void {
		this.#sweep.nudge();
	}

	/** True once the whole list was read. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/**
	 * The user with the role that they have now.
	 * @throws ACCOUNT_LOCKED; UNAVAILABLE when this node cannot know, because it has never read the list
	 */
	async current(user: Identity): Promise<Identity> {
		if (!this.#isKnown) await this.#waitForFirst();
		return asNow(user, this.#byUser.get(user.id));
	}

	async #readPage(): Promise<boolean> {
		const { data, next, last, now } = await this.#options.read(this.#after);
		this.#failures = 0;
		if (now) this.#options.onTime?.(new Date(now));
		if (last < this.#after) {
			// The database was restored to an earlier time: everything is read again.
			this.#after = 0;
			this.#byUser.clear();
			this.#isKnown = false;
			return true;
		}
		this.#after = next;
		for (const standing of data) {
			this.#byUser.set(standing.id, standing);
			this.#options.onChange(standing);
		}
		if (data.length > 0) return true;
		this.#isKnown = true;
		this.#first.resolve();
		return false;
	}

	async #waitForFirst(): Promise<void> {
		this.nudge();
		const timeout = Promise.withResolvers<void>();
		const timer = setTimeout(timeout.resolve, this.#options.startWaitMs);
		await Promise.race([this.#first.promise, timeout.promise]);
		clearTimeout(timer);
		if (!this.#isKnown) fail("UNAVAILABLE");
	}

	#reportOnce(error: Error): void {
		if (++this.#failures === (this.#isKnown ? 1 : quietAtStart)) this.#options.onError(error);
	}
}

/** @throws ACCOUNT_LOCKED */
export function asNow(user: Identity, standing: Standing | undefined): Identity {
	if (!standing) return user;
	if (standing.locked) fail("ACCOUNT_LOCKED");
	return { id: user.id, role: standing.role };
}
