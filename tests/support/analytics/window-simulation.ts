import { tally, type Fact, type Tally } from "../../../services/analytics/windows/tally.window.ts";
import {
	emission,
	idleAfterMs,
	watermarkOf,
	type Key,
	type Partition,
	type Result,
	type Window
} from "../../../services/analytics/windows/tumbling.window.ts";

/**
 * A stream of several partitions, what is kept of it, and those who read what is told: all in memory,
 * with the real rules for what to add up, how far time has come and what to tell.
 */

export interface Message {
	id: string;
	fact: Fact;
}

export type Identified = Fact & { id: string };

/** Those of the service, or one of them broken. */
export interface Rules {
	tally(facts: readonly Identified[], watermark: number): Tally<Identified>;
	watermarkOf: typeof watermarkOf;
	emission: typeof emission;
	/** Messages whose effect is not there yet. */
	fresh(inbox: ReadonlySet<string>, messages: readonly Message[]): readonly Message[];
}

export const rules: Rules = {
	tally,
	watermarkOf,
	emission,
	fresh: (inbox, messages) => [
		...new Map(messages.filter(({ id }) => !inbox.has(id)).map(m => [m.id, m])).values()
	]
};

/** `before`: all that the step did is undone. `after`: it stays, and nobody hears that it was done. */
export type Crash = "none" | "before" | "after";

/** What one transaction changes. */
interface Kept {
	inbox: Set<string>;
	next: number[];
	partitions: Partition[];
	watermark: number;
	windows: Map<string, Window>;
	users: Set<string>;
	late: Message[];
	told: Result[];
}

export const nameOf = ({ start, currency }: Key) => `${start} ${currency}`;

export class WindowWorld {
	readonly log: readonly (readonly Message[])[];
	now: number;
	#kept: Kept;
	readonly #rules: Rules;

	constructor(log: readonly (readonly Message[])[], now: number, given: Partial<Rules> = {}) {
		this.log = log;
		this.now = now;
		this.#rules = { ...rules, ...given };
		this.#kept = {
			inbox: new Set(),
			next: log.map(() => 0),
			partitions: log.map(({ length }) => ({ seenUntil: undefined, lag: length, heardAt: now })),
			watermark: -Infinity,
			windows: new Map(),
			users: new Set(),
			late: [],
			told: []
		};
	}

	/** Everything that was ever told, in its order. */
	get told(): readonly Result[] {
		return this.#kept.told;
	}

	get late(): readonly Message[] {
		return this.#kept.late;
	}

	/** What a reader holds who keeps the highest revision of each window. */
	read(): Iterable<Result> {
		const held = new Map<string, Result>();
		for (const result of this.told) {
			const known = held.get(nameOf(result));
			if (!known || known.revision < result.revision) held.set(nameOf(result), result);
		}
		return held.values();
	}

	/** Reads on in a partition, as the consumer and `handle` do. */
	deliver(index: number, count: number, crash: Crash = "none"): void {
		this.#transaction(crash, kept => {
			const from = kept.next[index]!;
			const batch = this.log[index]!.slice(from, from + count);
			if (batch.length === 0) return;
			kept.next[index] = from + batch.length;
			const known = kept.partitions[index]!.seenUntil ?? -Infinity;
			kept.partitions[index] = {
				seenUntil: Math.max(known, ...batch.map(({ fact }) => fact.at)),
				lag: this.log[index]!.length - kept.next[index],
				heardAt: this.now
			};
			const fresh = this.#rules.fresh(kept.inbox, batch);
			for (const { id } of fresh) kept.inbox.add(id);
			const facts = fresh.map(({ id, fact }) => ({ ...fact, id }));
			store(kept, this.#rules.tally(facts, kept.watermark));
		});
	}

	/** Goes back in a partition: its position was lost, or another member has an old one. */
	rewind(index: number, count: number): void {
		const { next } = this.#kept;
		next[index] = Math.max(0, next[index]! - count);
	}

	/** Moves the watermark and tells what is due, as the emitter does. */
	pass(crash: Crash = "none"): void {
		this.#transaction(crash, kept => {
			const watermark = this.#rules.watermarkOf(kept.partitions, this.now);
			kept.watermark = Math.max(kept.watermark, watermark);
			for (const [name, window] of kept.windows) {
				const result = this.#rules.emission(window, kept.watermark, this.now);
				if (!result) continue;
				const { revision, final } = result;
				kept.windows.set(name, { ...window, revision, final, dirty: false, toldAt: this.now });
				kept.told.push(result);
			}
		});
	}

	/** Everything is read and time goes on, until nothing more is told. */
	settle(): void {
		this.log.forEach(({ length }, index) => this.deliver(index, length));
		for (let passes = 0; passes < 5; passes++) {
			this.now += idleAfterMs;
			this.pass();
		}
	}

	#transaction(crash: Crash, work: (kept: Kept) => void): void {
		const kept = structuredClone(this.#kept);
		work(kept);
		if (crash !== "before") this.#kept = kept;
	}
}

function store(kept: Kept, { windows, users, late }: Tally<Identified>): void {
	const isNew = users.filter(user => !kept.users.has(`${nameOf(user)} ${user.user_id}`));
	for (const user of isNew) kept.users.add(`${nameOf(user)} ${user.user_id}`);
	for (const sold of windows) {
		const name = nameOf(sold);
		const known = kept.windows.get(name);
		const joined = isNew.filter(user => nameOf(user) === name).length;
		kept.windows.set(name, {
			...(known ?? { ...sold, revision: 0, toldAt: undefined, final: false }),
			orders: (known?.orders ?? 0) + sold.orders,
			revenue: (known?.revenue ?? 0) + sold.revenue,
			users: (known?.users ?? 0) + joined,
			dirty: true
		});
	}
	kept.late.push(...late.map(({ id, ...fact }) => ({ id, fact })));
}
