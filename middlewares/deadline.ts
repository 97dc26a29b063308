import type { CallingOptions, Context, Middleware, ServiceBroker } from "moleculer";
import { fail } from "../lib/errors.ts";
import { RepeatedLines } from "../lib/log/repeated-lines.ts";
import { OneWayDelay } from "./one-way-delay.ts";

type Handler = (ctx: Context) => Promise<unknown>;
type Call = (action: string, params: unknown, opts?: CallingOptions) => Promise<unknown>;
interface Deadline {
	deadlineMs?: number;
}

/** Of a call: how long its caller waits, and when it was sent by the caller's monotonic clock; both in ms. */
interface CallTimes {
	timeLeftMs?: number;
	sentAtMs?: number;
}

const isTime = (value: unknown): value is number => Number.isFinite(value);

/**
 * The outermost of the two: a call carries how long its caller waits, and its arrival sets the deadline by this
 * process's monotonic clock. No wall clock is read, since those of hosts differ and step. What the call waited on its
 * way, as in the socket of a process that was stopped, is found by comparing it with other calls of the same node.
 */
export function Deadlines(defaultTimeoutMs: number): Middleware {
	const delays = new OneWayDelay();
	return {
		name: "Deadlines",
		call(next: Call) {
			return (action: string, params: unknown, opts: CallingOptions = {}) => {
				const { ctx, headers, timeout } = opts;
				const timeLeftMs = timeout ?? ctx?.options.timeout ?? defaultTimeoutMs;
				const times = { timeLeftMs, sentAtMs: performance.now() };
				// A retry has the context of the previous attempt, with its times.
				if (ctx) ctx.headers = { ...ctx.headers, ...times };
				return next(action, params, { ...opts, headers: { ...headers, ...times } });
			};
		},
		localAction(next: Handler) {
			return (ctx: Context) => {
				const now = performance.now();
				const { timeLeftMs, sentAtMs } = (ctx.headers ?? {}) as CallTimes;
				if (isTime(timeLeftMs) && isTime(sentAtMs)) {
					const waitedMs = delays.waitedMs(ctx.nodeID ?? "", sentAtMs, now);
					(ctx.locals as Deadline).deadlineMs = now + timeLeftMs - waitedMs;
				}
				return next(ctx);
			};
		}
	} as unknown as Middleware;
}

/** Of each broker, by action. */
const refusals = new WeakMap<ServiceBroker, RepeatedLines>();

function logRefusal(broker: ServiceBroker, action: string, lateMs: number): void {
	const lines = refusals.get(broker) ?? new RepeatedLines(line => broker.logger.warn(line));
	refusals.set(broker, lines);
	lines.add(action, `${action}: not done, its caller stopped waiting ${Math.ceil(lateMs)} ms ago`);
}

/**
 * The innermost: refuses work whose deadline has passed, in a queue or on its way. It only saves work; correctness does
 * not depend on it.
 */
export const DeadlineGuard: Middleware = {
	name: "DeadlineGuard",
	localAction(this: ServiceBroker, next: Handler, { name }: { name: string }) {
		return async (ctx: Context) => {
			const { deadlineMs = Infinity } = ctx.locals as Deadline;
			const lateMs = performance.now() - deadlineMs;
			if (lateMs > 0) {
				logRefusal(this, name, lateMs);
				fail("TIMEOUT");
			}
			return next(ctx);
		};
	},
	stopped(broker: ServiceBroker) {
		refusals.get(broker)?.stop();
	}
} as unknown as Middleware;
