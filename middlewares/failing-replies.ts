import type { ActionSchema, Context, Middleware } from "moleculer";
import { failpoint, isFailpoint } from "../lib/failpoint.ts";

type Handler = (ctx: Context) => Promise<unknown>;

/**
 * The `before_reply` failpoints. Outside of all other wrappers of an action, so that a dropped reply holds no
 * slot of a bulkhead and is no open call of this node.
 */
export const FailingReplies: Middleware = {
	name: "FailingReplies",
	localAction(next: Handler, action: ActionSchema) {
		const point = `${action.name}.before_reply`;
		if (!isFailpoint(point)) return next;
		return async (ctx: Context) => {
			const result = await next(ctx);
			await failpoint(point);
			return result;
		};
	}
} as unknown as Middleware;
