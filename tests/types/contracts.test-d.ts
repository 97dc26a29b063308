import type { ServiceBroker, Service } from "moleculer";
import { contract, strictObject, T } from "../../lib/schema.ts";
import { call, service } from "../../lib/service.ts";
import type { Publication } from "../../contracts/order-status.ts";
import { product } from "../../contracts/product.ts";
import type { Transition } from "../../services/order/order.machine.ts";

/**
 * Wrong programs, each of which `tsc` must refuse. A line that compiles is itself an error, because
 * the directive above it is then unused.
 */

declare const broker: ServiceBroker;

const shelf = contract("shelf", {
	count: {
		summary: "Units on a shelf",
		kind: "query",
		access: "anyone",
		params: strictObject({ id: T.String(), deep: T.Optional(T.Boolean()) }),
		returns: strictObject({ units: T.Integer() })
	},
	clear: {
		summary: "Empty a shelf",
		kind: "command",
		access: ["admin"],
		params: strictObject({ id: T.String() }),
		returns: strictObject({ cleared: T.Boolean() })
	}
});

interface This extends Service {
	shelves: Map<string, number>;
}

/** Valid code compiles. */
export const right = service<(typeof shelf)["actions"], This>(shelf, {
	actions: {
		count(ctx) {
			const units: number = this.shelves.get(ctx.params.id) ?? 0;
			return { units };
		},
		async clear(ctx) {
			return { cleared: this.shelves.delete(ctx.params.id) };
		}
	}
});

export async function calls(): Promise<void> {
	const { units } = await call(broker, shelf.actions.count, { id: "a" });
	units.toFixed();

	// @ts-expect-error there is no such action
	await call(broker, shelf.actions.counts, { id: "a" });
	// @ts-expect-error the parameter is missing
	await call(broker, shelf.actions.count, {});
	// @ts-expect-error the parameter is unknown
	await call(broker, shelf.actions.count, { id: "a", shallow: true });
	// @ts-expect-error the parameter is of another type
	await call(broker, shelf.actions.count, { id: 1 });
	// @ts-expect-error the optional parameter is of another type
	await call(broker, shelf.actions.count, { id: "a", deep: "yes" });
	// @ts-expect-error the result has no such member
	void (await call(broker, shelf.actions.count, { id: "a" })).unit;
	// @ts-expect-error the result's member is of another type
	units.toUpperCase();
	// @ts-expect-error a nested parameter is missing in a real contract
	await call(broker, product.actions.reserve, { lock: true, orders: [{ order_id: "a" }] });
	// @ts-expect-error the value is not in the enumeration
	await call(broker, product.actions.list, { sort: "cheapest" });
}

service<(typeof shelf)["actions"], This>(shelf, {
	// @ts-expect-error the handler of `clear` is missing
	actions: {
		count: () => ({ units: 1 })
	}
});

service<(typeof shelf)["actions"], This>(shelf, {
	actions: {
		count: () => ({ units: 1 }),
		clear: () => ({ cleared: true }),
		// @ts-expect-error the contract has no such action
		steal: () => ({ cleared: true })
	}
});

service<(typeof shelf)["actions"], This>(shelf, {
	actions: {
		// @ts-expect-error the handler returns something else
		count: () => ({ units: "one" }),
		clear(ctx) {
			// @ts-expect-error the handler reads a parameter that is not in the contract
			return { cleared: ctx.params.force };
		}
	}
});

service<(typeof shelf)["actions"], This>(shelf, {
	actions: {
		count(ctx) {
			// @ts-expect-error the service has no such member
			return { units: this.racks.get(ctx.params.id) ?? 0 };
		},
		clear: () => ({ cleared: true })
	},
	started() {
		// @ts-expect-error the member is of another type
		this.shelves = new Set<string>();
	}
});

/** A status is internal, or has an event of the contract and says whether customers get a message. */
export const publications: Record<string, Publication> = {
	internal: { event: null },
	silent: { event: "order.created", message: null },
	// @ts-expect-error it says neither that it is internal nor what its event is
	unstated: {},
	// @ts-expect-error it does not say whether there is a message
	undeclared: { event: "order.confirmed" },
	// @ts-expect-error there is no such kind of message
	misspelt: { event: "order.confirmed", message: "confirmation" }
};

const step = { from: "pending", to: "payment_pending", reason: null } as const;
export const transitions: Transition[] = [
	{ ...step, type: "order.payment_pending", published: false },
	// @ts-expect-error an internal status has no event that is published
	{ ...step, type: "order.payment_pending", published: true },
	// @ts-expect-error the contract has no such event
	{ ...step, type: "order.eaten", published: true }
];
