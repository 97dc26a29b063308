import type { CallingOptions, Middleware } from "moleculer";
import { refuseInsideTransaction } from "../lib/transaction-scope.ts";

type Call = (action: string, params: unknown, opts?: CallingOptions) => Promise<unknown>;

/** Throws when an action is called while a transaction of this async flow is open. */
export const NoCallInTransaction: Middleware = {
	name: "NoCallInTransaction",
	call(next: Call) {
		return (action: string, params: unknown, opts?: CallingOptions) => {
			refuseInsideTransaction(`call of ${action}`);
			return next(action, params, opts);
		};
	}
} as unknown as Middleware;
