import { Errors, type Context, type Middleware, type ServiceBroker } from "moleculer";
import { errorTable, Failure } from "../lib/errors.ts";
import { databaseFault, driverError } from "../lib/database-error.ts";

type Handler = (ctx: Context) => Promise<unknown>;

function isExpected(error: unknown): boolean {
	const { type } = error as { type?: unknown };
	return Object.hasOwn(errorTable, String(type)) || error instanceof Errors.MoleculerError;
}

/**
 * Only failures of the table and the framework's own errors leave an action. Any other error is logged here,
 * on the node where it occurred, and passed on without its SQL, stack and data.
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
				if (!fault) this.logger.error(`${name} failed:`, error);
				else {
					const level = fault === "misconfigured" ? "error" : "warn";
					this.logger[level](
						`${name}: the database cannot serve (${fault}):`,
						driverError(error).message
					);
				}
				throw new Failure(fault ? "UNAVAILABLE" : "INTERNAL");
			}
		};
	}
} as unknown as Middleware;
