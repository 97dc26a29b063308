/**
 * Waits until all work has settled, but no longer than `mostMs`, and, once some has, only until none has for
 * `quietMs`: fast work does not wait for slow work. Never rejects.
 */
export async function waitUntilIdle(
	works: Promise<unknown>[],
	maxMs: number,
	idleMs: number
): Promise<void> {
	if (works.length === 0) return;
	let open = works.length;
	let idleTimer: NodeJS.Timeout | undefined;
	const { promise, resolve } = Promise.withResolvers<void>();
	const deadline = setTimeout(resolve, maxMs);
	const settle = () => {
		if (--open === 0) return resolve();
		clearTimeout(idleTimer);
		idleTimer = setTimeout(resolve, idleMs);
	};
	for (const work of works) work.then(settle, settle);
	await promise;
	clearTimeout(deadline);
	clearTimeout(idleTimer);
}

const timedOut = Symbol("late");

/** The work's result. @throws the error of `lateness` when it takes longer than `ms` */
export async function withTimeout<R>(
	ms: number,
	work: Promise<R>,
	timeoutError: () => Error
): Promise<R> {
	let timer: NodeJS.Timeout | undefined;
	const timeout = new Promise<typeof timedOut>(
		resolve => (timer = setTimeout(resolve, ms, timedOut))
	);
	const first = await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
	if (first === timedOut) throw timeoutError();
	return first as R;
}
