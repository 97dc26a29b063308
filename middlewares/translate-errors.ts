import { Errors, type Context, type Middleware, type ServiceBroker } from "moleculer";
import { errorTable, Failure } from "../lib/errors.ts";
import { sqlState } from "../lib/sql-state.ts";

type Handler = (ctx: Context) => Promise<unknown>;

/** What Node and the pool say when there is no server to talk to. */
const noConnection =
	/ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|terminated|timeout exceeded/;

/** The error of the driver, which Sequelize wraps. */
function driverError(error: unknown): Error & { code?: unknown } {
	const { original } = error as { original?: Error };
	return original ?? (error as Error);
}

/**
 * True when the database cannot serve now: connection lost (08), out of disk, memory or connections
 * (53), shutting down or not yet up (57P), a lock or statement that took too long (55P03, 57014).
 */
function isAway(error: unknown): boolean {
	const cause = driverError(error);
	const state = sqlState(cause);
	if (state) return /^(08|53|57P|55P03|57014)/.test(state);
	return noConnection.test(`${String(cause.code)} ${cause.message}`);
}

function isExpected(error: unknown): boolean {
	const { type } = error as { type?: unknown };
	return Object.hasOwn(errorTable, String(type)) || error instanceof Errors.MoleculerError;
}

/**
 * What leaves an action is a failure of the table or the framework's own. Anything else is logged
 * here, on the node that can tell about it, and goes on without its SQL, stack and data.
 */
export const TranslateErrors: Middleware = {
	name: "TranslateErrors",
	localAction(this: ServiceBroker, next: Handler, { name }: { name: string }) {
		return async (ctx: Context) => {
			try {
				return await next(ctx);
			} catch (error) {
				if (isExpected(error)) throw error;
				if (!isAway(error)) this.logger.error(`${name} failed:`, error);
				else this.logger.warn(`${name}: the database is away:`, driverError(error).message);
				throw new Failure(isAway(error) ? "UNAVAILABLE" : "INTERNAL");
			}
		};
	}
} as unknown as Middleware;
