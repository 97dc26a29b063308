import type { Kill } from "../faults/storm.ts";

/** When each service was active, in ms since 1970, in any order. */
export type ServiceActivity = Readonly<Record<string, readonly number[]>>;

export interface OrderLifetime {
	order_id: string;
	created_at: number;
	/** When it settled; null: never. */
	settled_at: number | null;
}

export interface Recovery {
	node: string;
	/** From the kill to the next activity of this service, on any node. */
	serviceMs: number | null;
	/** From the kill to the moment at which the last of the orders then in progress settled. */
	ordersMs: number | null;
	/** That last order. */
	order_id: string | null;
}

/** How long each recovery took. Pure. */
export function recoveries(
	kills: readonly Kill[],
	activity: ServiceActivity,
	orders: readonly OrderLifetime[]
): Recovery[] {
	return kills.map(({ at, node, service }) => {
		const killed = at.getTime();
		const next = (activity[service] ?? []).reduce(
			(least, time) => (time > killed && time < least ? time : least),
			Number.POSITIVE_INFINITY
		);
		const last = orders
			.filter(({ created_at, settled_at }) => created_at <= killed && (settled_at ?? 0) > killed)
			.reduce<OrderLifetime | undefined>(
				(a, b) => (a && a.settled_at! > b.settled_at! ? a : b),
				undefined
			);
		return {
			node,
			serviceMs: Number.isFinite(next) ? next - killed : null,
			ordersMs: last ? last.settled_at! - killed : null,
			order_id: last?.order_id ?? null
		};
	});
}

/** The slowest recovery in this respect; undefined without any. */
export function slowest(
	found: readonly Recovery[],
	part: "serviceMs" | "ordersMs"
): { node: string; ms: number; order_id: string | null } | undefined {
	return found
		.flatMap(recovery =>
			recovery[part] === null
				? []
				: [{ node: recovery.node, ms: recovery[part], order_id: recovery.order_id }]
		)
		.sort((a, b) => b.ms - a.ms)[0];
}
