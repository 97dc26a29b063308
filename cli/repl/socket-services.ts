import type { Context, ServiceSchema } from "moleculer";
import { parts } from "../../contracts/parts.ts";
import { callOverSocket } from "../../launch/shop/operator-socket.ts";
import type { Identity } from "../../lib/identity.ts";
import type { ActionContract } from "../../lib/schema.ts";

type Call = Context<unknown, { user?: Identity }>;

/** The services of a shop that has no bus: each action is called over its socket. */
export function socketServices(path: string): ServiceSchema[] {
	return parts.map(({ name, actions }) => ({
		name,
		actions: Object.fromEntries(
			Object.entries<ActionContract>(actions).map(([key, action]) => [
				key,
				{
					params: action.params,
					access: action.access,
					...(action.timeoutMs && { timeout: action.timeoutMs }),
					handler: ({ params, meta }: Call) =>
						callOverSocket(path, {
							action: action.name,
							params,
							meta: meta.user ? { user: meta.user } : {}
						})
				}
			])
		)
	}));
}
