/**
 * Waits until all work has settled, but no longer than `mostMs`, and, once some has, only until none
 * has for `quietMs`: who is fast does not wait for who is slow. Never rejects.
 */
export async function untilQuiet(
	works: Promise<unknown>[],
	mostMs: number,
	quietMs: number
): Promise<void> {
	if (works.length === 0) return;
	let open = works.length;
	let quiet: NodeJS.Timeout | undefined;
	const { promise, resolve } = Promise.withResolvers<void>();
	const most = setTimeout(resolve, mostMs);
	const settle = () => {
		if (--open === 0) return resolve();
		clearTimeout(quiet);
		quiet = setTimeout(resolve, quietMs);
	};
	for (const work of works) work.then(settle, settle);
	await promise;
	clearTimeout(most);
	clearTimeout(quiet);
}

const late = Symbol("late");

/** The work's result. @throws what `lateness` makes, when the work takes longer than `ms` */
export async function within<R>(ms: number, work: Promise<R>, lateness: () => Error): Promise<R> {
	let timer: NodeJS.Timeout | undefined;
	const timeout = new Promise<typeof late>(resolve => (timer = setTimeout(resolve, ms, late)));
	const first = await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
	if (first === late) throw lateness();
	return first as R;
}
