import { Errors, type Context, type Middleware, type ServiceBroker } from "moleculer";
import { errorTable, Failure } from "../lib/errors.ts";
import { databaseFault, driverError, type DatabaseFault } from "../lib/database-error.ts";
import { LogContext } from "../lib/log/line-context.ts";
import { RepeatedLines } from "../lib/log/repeated-lines.ts";

type Handler = (ctx: Context) => Promise<unknown>;

function isExpected(error: unknown): boolean {
	const { type } = error as { type?: unknown };
	return Object.hasOwn(errorTable, String(type)) || error instanceof Errors.MoleculerError;
}

/** Of each broker: what its database could not serve, by `<fault> <action>`. */
const databaseFaults = new WeakMap<ServiceBroker, RepeatedLines>();

function logFault(
	broker: ServiceBroker,
	action: string,
	fault: DatabaseFault,
	error: unknown
): void {
	const log = (line: string, kind: string) =>
		broker.logger[kind.startsWith("misconfigured") ? "error" : "warn"](line);
	const lines = databaseFaults.get(broker) ?? new RepeatedLines(log);
	databaseFaults.set(broker, lines);
	const { message } = driverError(error);
	lines.add(`${fault} ${action}`, `${action}: the database cannot serve (${fault}): ${message}`);
}

const contextOf = ({ requestID, meta }: Context) =>
	new LogContext({
		requestId: requestID,
		traceparent: (meta as { traceparent?: string }).traceparent
	});

/**
 * Only failures of the table and the framework's own errors leave an action. Any other error is logged here,
 * on the node where it occurred, and passed on without its SQL, stack and data. While a database cannot serve, that is
 * counted and not logged for each call.
 */
export const TranslateErrors: Middleware = {
	name: "TranslateErrors",
	localAction(this: ServiceBroker, next: Handler, { name }: { name: string }) {
		return async (ctx: Context) => {
			try {
				return await next(ctx);
			} catch (error) {
				if (isExpected(error)) throw error;
				const fault = databaseFault(error);
				if (fault) logFault(this, name, fault, error);
				else this.logger.error(`${name} failed:`, error, contextOf(ctx));
				throw new Failure(fault ? "UNAVAILABLE" : "INTERNAL");
			}
		};
	},
	stopped(broker: ServiceBroker) {
		databaseFaults.get(broker)?.stop();
	}
} as unknown as Middleware;
