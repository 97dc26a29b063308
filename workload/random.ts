/**
 * Park and Miller's minimal standard generator (CACM 31, 1988): a seed repeats a run. The first numbers of
 * small neighbouring seeds are similar, so they are skipped.
 */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
		for (let n = 0; n < 8; n++) this.next();
	}

	/** From 0 to 1. */
	next(): number {
		this.#state = (this.#state * 48_271) % 2_147_483_647;
		return this.#state / 2_147_483_647;
	}

	/** A whole number, both ends included. */
	between(low: number, high: number): number {
		return low + Math.floor(this.next() * (high - low + 1));
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<V>(values: readonly V[]): V {
		return values[Math.floor(this.next() * values.length)]!;
	}

	/** One of the keys, with a probability proportional to its weight. */
	weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
		const entries = Object.entries<number>(weights);
		let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
		return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1)!)[0] as K;
	}
}
