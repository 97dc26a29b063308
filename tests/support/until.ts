/** Waits until `probe` returns something truthy and returns it. @throws Error after `withinMs` */
export async function until<R>(
	probe: () => R | Promise<R>,
	withinMs = 20_000,
	everyMs = 50
): Promise<NonNullable<R>> {
	const end = performance.now() + withinMs;
	for (;;) {
		const found = await probe();
		if (found) return found;
		if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${probe}`);
		await new Promise(resolve => setTimeout(resolve, everyMs));
	}
}
