import type { ActionSchema, Context, Middleware, ServiceBroker } from "moleculer";

type Handler = (ctx: Context) => Promise<unknown>;

interface Internals {
	transit?: { removePendingRequest(id: string): void };
	_trackedContexts: Context[];
}

/**
 * Forgets a call of another node when its time is over. Moleculer's timeout leaves it among the pending requests and the
 * tracked contexts for ever, so each answer that the bus lost took memory, and from the first one on a stop waited in
 * vain for the whole `tracking.shutdownTimeout`. Outside of "Timeout".
 */
export const AbandonedCalls: Middleware = {
	name: "AbandonedCalls",
	remoteAction(this: ServiceBroker, next: Handler, _action: ActionSchema) {
		const broker = this as unknown as Internals;
		return (ctx: Context) =>
			next(ctx).catch(error => {
				if ((error as { type?: unknown }).type === "REQUEST_TIMEOUT") {
					broker.transit?.removePendingRequest(ctx.id);
					const index = broker._trackedContexts.indexOf(ctx);
					if (index !== -1) broker._trackedContexts.splice(index, 1);
				}
				throw error;
			});
	}
} as unknown as Middleware;
