/** Runs work while the wall clock of this process is ahead by so many ms, or behind. Timers and monotonic clocks are not. */
export async function withWrongClock<R>(aheadMs: number, work: () => Promise<R>): Promise<R> {
	const { Date: RightDate } = globalThis;
	const now = () => RightDate.now() + aheadMs;
	globalThis.Date = new Proxy(RightDate, {
		construct: (target, args, newTarget) =>
			Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
		get: (target, name) => (name === "now" ? now : Reflect.get(target, name))
	});
	try {
		return await work();
	} finally {
		globalThis.Date = RightDate;
	}
}
