/**
 * Preloaded into a node (`NODE_OPTIONS=--import`): its wall clock is off by CLOCK_SKEW_MS, or steps by up to that much in
 * both directions every few seconds if CLOCK_STEPS is set, as a clock does that a time service corrects. The monotonic
 * clock and timers are left alone, as they are then.
 */
const skewMs = Number(process.env.CLOCK_SKEW_MS ?? 0);
const stepEveryMs = 5000;

const RealDate = Date;
let offsetMs = skewMs;
const now = () => RealDate.now() + offsetMs;

globalThis.Date = new Proxy(RealDate, {
	construct: (target, args, newTarget) =>
		Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
	apply: () => new RealDate(now()).toString(),
	get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver))
});

const report = () => process.stdout.write(`the clock is off by ${Math.round(offsetMs / 1000)} s\n`);

function step(): void {
	offsetMs = Math.round((2 * Math.random() - 1) * skewMs);
	report();
}

if (skewMs !== 0) report();
if (process.env.CLOCK_STEPS) setInterval(step, stepEveryMs).unref();
