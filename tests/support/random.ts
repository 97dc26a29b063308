/** Park and Miller's minimal standard generator (CACM 31, 1988), from 0 to 1: a seed repeats a run. */
export function generator(seed: number): () => number {
	let state = seed;
	return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
