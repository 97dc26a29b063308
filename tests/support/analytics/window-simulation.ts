import { tally, type Fact, type Tally } from "../../../services/analytics/windows/tally.window.ts";
import {
	emission,
	idleTimeoutMs,
	watermarkOf,
	type Key,
	type Partition,
	type Result,
	type Window
} from "../../../services/analytics/windows/tumbling.window.ts";

/**
 * A stream of several partitions, the stored windows, and readers of the results: all in memory, with
 * the real rules for sums, watermark and emission.
 */

export interface Message {
	id: string;
	fact: Fact;
}

export type Identified = Fact & { id: string };

/** Those of the service, or with one of them broken. */
export interface Rules {
	tally(facts: readonly Identified[], watermark: number): Tally<Identified>;
	watermarkOf: typeof watermarkOf;
	emission: typeof emission;
	/** Messages that are not applied yet. */
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

/** `before`: the step is rolled back. `after`: it is committed, and its caller does not learn that. */
export type Crash = "none" | "before" | "after";

/** Changes of one transaction. */
interface StoredState {
	inbox: Set<string>;
	next: number[];
	partitions: Partition[];
	watermark: number;
	windows: Map<string, Window>;
	users: Set<string>;
	late: Message[];
	emitted: Result[];
}

export const nameOf = ({ start, currency }: Key) => `${start} ${currency}`;

export class WindowSimulation {
	readonly log: readonly (readonly Message[])[];
	now: number;
	readonly #stored: StoredState;
	readonly #rules: Rules;

	constructor(log: readonly (readonly Message[])[], now: number, given: Partial<Rules> = {}) {
		this.log = log;
		this.now = now;
		this.#rules = { ...rules, ...given };
		this.#stored = {
			inbox: new Set(),
			next: log.map(() => 0),
			partitions: log.map(({ length }) => ({ seenUntil: undefined, lag: length, heardAt: now })),
			watermark: -Infinity,
			windows: new Map(),
			users: new Set(),
			late: [],
			emitted: []
		};
	}

	/** Every emitted result, in order. */
	get emitted(): readonly Result[] {
		return this.#stored.emitted;
	}

	get late(): readonly Message[] {
		return this.#stored.late;
	}

	/** What a reader has who keeps the highest revision of each window. */
	read(): Iterable<Result> {
		const held = new Map<string, Result>();
		for (const result of this.emitted) {
			const known = held.get(nameOf(result));
			if (!known || known.revision < result.revision) held.set(nameOf(result), result);
		}
		return held.values();
	}

	/** Reads a partition, as the consumer and `handle` do. */
	deliver(index: number, count: number, crash: Crash = "none"): void {
		this.#transaction(crash, stored => {
			const from = stored.next[index]!;
			const batch = this.log[index]!.slice(from, from + count);
			if (batch.length === 0) return;
			stored.next[index] = from + batch.length;
			const known = stored.partitions[index]!.seenUntil ?? -Infinity;
			stored.partitions[index] = {
				seenUntil: Math.max(known, ...batch.map(({ fact }) => fact.at)),
				lag: this.log[index]!.length - stored.next[index],
				heardAt: this.now
			};
			const fresh = this.#rules.fresh(stored.inbox, batch);
			for (const { id } of fresh) stored.inbox.add(id);
			const facts = fresh.map(({ id, fact }) => ({ ...fact, id }));
			store(stored, this.#rules.tally(facts, stored.watermark));
		});
	}

	/** Sets a partition's position back: it was lost, or another member has an old one. */
	rewind(index: number, count: number): void {
		const { next } = this.#stored;
		next[index] = Math.max(0, next[index]! - count);
	}

	/** Moves the watermark and emits windows that are due, as the emitter does. */
	pass(crash: Crash = "none"): void {
		this.#transaction(crash, stored => {
			const watermark = this.#rules.watermarkOf(stored.partitions, this.now);
			stored.watermark = Math.max(stored.watermark, watermark);
			for (const [name, window] of stored.windows) {
				const result = this.#rules.emission(window, stored.watermark, this.now);
				if (!result) continue;
				const { revision, final } = result;
				stored.windows.set(name, { ...window, revision, final, dirty: false, emittedAt: this.now });
				stored.emitted.push(result);
			}
		});
	}

	/** Reads everything and moves time, until nothing more is emitted. */
	settle(): void {
		this.log.forEach(({ length }, index) => this.deliver(index, length));
		for (let passes = 0; passes < 5; passes++) {
			this.now += idleTimeoutMs;
			this.pass();
		}
	}

	/** A step that is rolled back changes nothing. */
	#transaction(crash: Crash, work: (stored: StoredState) => void): void {
		if (crash !== "before") work(this.#stored);
	}
}

function store(stored: StoredState, { windows, users, late }: Tally<Identified>): void {
	const isNew = users.filter(user => !stored.users.has(`${nameOf(user)} ${user.user_id}`));
	for (const user of isNew) stored.users.add(`${nameOf(user)} ${user.user_id}`);
	for (const sold of windows) {
		const name = nameOf(sold);
		const known = stored.windows.get(name);
		const joined = isNew.filter(user => nameOf(user) === name).length;
		stored.windows.set(name, {
			...(known ?? { ...sold, revision: 0, emittedAt: undefined, final: false }),
			orders: (known?.orders ?? 0) + sold.orders,
			revenue: (known?.revenue ?? 0) + sold.revenue,
			users: (known?.users ?? 0) + joined,
			dirty: true
		});
	}
	stored.late.push(...late.map(({ id, ...fact }) => ({ id, fact })));
}
