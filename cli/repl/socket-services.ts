import type { Context, ServiceSchema } from "moleculer";
import { parts } from "../../contracts/parts.ts";
import { callOverSocket, NoAnswer, type OperatorCall } from "../../launch/shop/operator-socket.ts";
import type { Identity } from "../../lib/identity.ts";
import type { ActionContract } from "../../lib/schema.ts";

type Call = Context<unknown, { user?: Identity }>;

/** @throws the error of the action; with `whyAway` and no stack where no shop answers */
async function callShop(path: string, call: OperatorCall, whyAway: () => string): Promise<unknown> {
	try {
		return await callOverSocket(path, call);
	} catch (error) {
		if (!(error instanceof NoAnswer)) throw error;
		// The REPL prints the stack of an error, which says nothing here.
		throw Object.assign(new Error(whyAway()), { stack: "" });
	}
}

/**
 * The services of a shop that has no bus: each action is called over its socket.
 * @param whyAway asked when no shop answers there
 */
export function socketServices(path: string, whyAway: () => string): ServiceSchema[] {
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
						callShop(
							path,
							{ action: action.name, params, meta: meta.user ? { user: meta.user } : {} },
							whyAway
						)
				}
			])
		)
	}));
}
